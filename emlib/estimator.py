"""scikit-learn's habits on top of a model and the engine: the same words for the same things."""

from emlib import checks, criteria
from emlib.engine import MAX_ITER, TOL, restarts


class Estimator:
    """A model together with the parameters that fit the data best among several starts.

    Parameters
    ----------
    model : a model of emlib
    n_init : int
        How many starts are tried; the fit with the highest objective is kept.
    random_state : int or numpy.random.Generator
    tol, max_iter : as in `emlib.fit`

    Attributes
    ----------
    params_ : the parameters found
    trace_ : `emlib.Trace`, the run that found them
    converged_ : bool
    n_iter_ : int
    """

    def __init__(self, model, *, n_init=10, random_state=0, tol=TOL, max_iter=MAX_ITER):
        self.model = model
        self.n_init = n_init
        self.random_state = random_state
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, x):
        """Fit the model to `x` (N, D) and return the estimator itself."""
        checks.integer(self.n_init, "n_init")
        checks.rng(self.random_state, "random_state")
        self.trace_ = restarts(
            self.model, x, self.n_init, seed=self.random_state, tol=self.tol, max_iter=self.max_iter
        ).best
        self.params_, self.converged_, self.n_iter_ = self.trace_.params, self.trace_.converged, self.trace_.iterations
        return self

    def predict_proba(self, x):
        """The posterior: of the components, (N, K), for sequences a list of such tables; or of what else is hidden."""
        return self.model.posterior(x, self._fitted())

    def predict(self, x):
        """The most probable component of each point, (N,); for sequences a list of the most probable paths."""
        if hasattr(self.model, "viterbi"):
            return self.model.viterbi(x, self._fitted())[0]
        posterior = self.predict_proba(x)
        if hasattr(posterior, "_fields"):
            raise TypeError(f"{self.model!r} has no components to choose among; use predict_proba for its posterior")
        return posterior.argmax(axis=1)

    def score_samples(self, x):
        """log p(x_n | θ), (N,). Only for models with a likelihood."""
        params = self._fitted()
        return criteria.with_likelihood(self.model).score_samples(x, params)

    def score(self, x):
        """The mean of `score_samples`."""
        return self.score_samples(x).mean()

    def sample(self, n, rng):
        """`n` points and their components from the fitted model, (n, D) and (n,)."""
        return self.model.sample(self._fitted(), n, rng)

    def bic(self, x):
        """See `emlib.bic`: scikit-learn's sign, the smaller the better."""
        return criteria.bic(self.model, x, self._fitted())

    def aic(self, x):
        """See `emlib.aic`: scikit-learn's sign, the smaller the better."""
        return criteria.aic(self.model, x, self._fitted())

    def __repr__(self):
        return f"Estimator({self.model!r}, n_init={self.n_init}, random_state={self.random_state})"

    def _fitted(self):
        if not hasattr(self, "params_"):
            raise ValueError("this Estimator is not fitted yet; call fit(x) first")
        return self.params_
