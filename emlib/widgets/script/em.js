// The mathematics of the explorers: the models of emlib and its loop, in the same words, for data in one or two features.
//
// x is a list of N points, each a list of D numbers; params are {means} or {weights, means, covariances} with the shapes
// that emlib has, as nested lists. tests/test_explorer.py holds every function here to emlib's numbers and sentences.

const EPS = Number.EPSILON;
const SMALLEST_COUNT = 2 ** -1022 / EPS;
const COLLAPSE = 1e-14;
const FLAT = 1e-11;
const ROUNDING = 1e-10;

/** The model cannot describe these data: emlib's DegenerateError. */
export class DegenerateError extends Error {}

const sum = (values) => values.reduce((total, value) => total + value, 0);
const range = (n) => Array.from({ length: n }, (_, i) => i);
const scientific = (value) => value.toExponential(1).replace(/e([+-])(\d)$/, "e$10$2");
const short = (value) => String(Number(value.toPrecision(3)));
const six = (value) => String(Number(value.toPrecision(6)));
const list = (values, digits) => `[${values.map((value) => value.toFixed(digits)).join(" ")}]`;

/** Bayes' law: from log p(x, z = k), one list per point, to p(z = k | x) and log p(x). */
export function condition(logJoint) {
  const responsibilities = [];
  const logDensity = [];
  logJoint.forEach((row, n) => {
    const largest = row.reduce((a, b) => Math.max(a, b));
    if (!Number.isFinite(largest)) {
      throw new RangeError(
        `x[${n}] lies so far from every component that even the logarithm of its density overflows`,
      );
    }
    const joint = row.map((value) => Math.exp(value - largest));
    const total = sum(joint);
    for (let k = 0; k < joint.length; k++) joint[k] /= total;
    responsibilities.push(joint);
    logDensity.push(largest + Math.log(total));
  });
  return [responsibilities, logDensity];
}

export function squaredDistance(a, b) {
  let total = 0;
  for (let d = 0; d < a.length; d++) total += (a[d] - b[d]) ** 2;
  return total;
}

const distances = (x, means) => x.map((point) => means.map((mean) => squaredDistance(point, mean)));

const nearest = (row) => row.indexOf(Math.min(...row));

// Counts, means and scatters about these means, weighted by the responsibilities. The means are found as shifts from
// the present ones, so that nothing cancels however far the data lie from the origin.
function moments(x, responsibilities, reference) {
  const counts = reference.map((_, k) => sum(responsibilities.map((row) => row[k])));
  const means = reference.map((from, k) =>
    counts[k] > 0
      ? from.map((c, d) => c + x.reduce((total, point, n) => total + responsibilities[n][k] * (point[d] - c), 0) / counts[k])
      : from,
  );
  return { x, responsibilities, counts, means };
}

// Σ_n r_nk (x_n − m_k)(x_n − m_k)ᵀ for every k.
function scatters({ x, responsibilities, means }) {
  return means.map((mean, k) => {
    const D = mean.length;
    const scatter = range(D).map(() => new Array(D).fill(0));
    x.forEach((point, n) => {
      const r = responsibilities[n][k];
      for (let i = 0; i < D; i++) {
        for (let j = 0; j < D; j++) scatter[i][j] += r * (point[i] - mean[i]) * (point[j] - mean[j]);
      }
    });
    return scatter;
  });
}

// A centre without points stays where it was.
const moveCentres = ({ counts, means }) => ({
  params: { means },
  warnings: counts.flatMap((count, k) =>
    count === 0 ? [`cluster ${k} has no points; its centre stays where it was`] : [],
  ),
});

/** K-means: the objective is −distortion. */
function kMeans() {
  const posterior = (x, { means }) =>
    distances(x, means).map((row) => {
      const own = nearest(row);
      return row.map((_, k) => (k === own ? 1 : 0));
    });
  return {
    posterior,
    eStep(x, params) {
      const objective = -sum(distances(x, params.means).map((row) => Math.min(...row)));
      return [moments(x, posterior(x, params), params.means), objective];
    },
    mStep: moveCentres,
    // Centres have been moved, and the points still belong to those to which they were assigned.
    halfway(x, { iteration, params: assigned }, { params }) {
      const own = distances(x, assigned.means).map(nearest);
      const objective = -sum(x.map((point, n) => squaredDistance(point, params.means[own[n]])));
      return { iteration: iteration + 0.5, params, assigned, objective };
    },
    unit(x) {
      const centre = x[0].map((_, d) => sum(x.map((point) => point[d])) / x.length);
      return sum(x.map((point) => squaredDistance(point, centre))) / x.length;
    },
  };
}

/** Soft assignment by one of three rules: "bayes", "distance" (as literally written) or "inverse_distance". */
function softAssignment({ rule, stiffness }) {
  const normalised = (weights) => {
    const total = sum(weights);
    // a point on which all the centres lie belongs to them equally
    return weights.map((weight) => (total > 0 ? weight / total : 1 / weights.length));
  };
  const responsibilities = {
    bayes(row) {
      const least = Math.min(...row);
      return normalised(row.map((square) => Math.exp((-stiffness / 2) * (square - least))));
    },
    distance: (row) => normalised(row.map(Math.sqrt)),
    inverse_distance(row) {
      const d = row.map(Math.sqrt);
      const least = Math.min(...d);
      return normalised(d.map((one) => (one > 0 ? least / one : 1)));
    },
  }[rule];
  return {
    posterior: (x, { means }) => distances(x, means).map(responsibilities),
    eStep(x, { means }) {
      const squares = distances(x, means);
      const scale = (means[0].length / 2) * Math.log(stiffness / (2 * Math.PI)) - Math.log(means.length);
      const [, logDensity] = condition(squares.map((row) => row.map((square) => scale - (stiffness / 2) * square)));
      return [moments(x, squares.map(responsibilities), means), sum(logDensity)];
    },
    mStep: moveCentres,
    unit: () => 1,
  };
}

/** The covariances as one D×D matrix per component, whatever the family. */
export function fullCovariances(family, { means, covariances }) {
  const diagonal = (variances) => variances.map((v, i) => variances.map((_, j) => (i === j ? v : 0)));
  return means.map((mean, k) => {
    if (family === "full") return covariances[k];
    if (family === "tied") return covariances;
    return diagonal(family === "diag" ? covariances[k] : mean.map(() => covariances[k]));
  });
}

// The lower triangular L with L Lᵀ = Σ, through the correlation matrix: features keep their units.
function cholesky(covariance, name) {
  const scale = covariance.map((row, i) => Math.sqrt(row[i]));
  const L = covariance.map((row) => row.map(() => 0));
  let good = covariance.every((row, i) => row[i] > 0);
  for (let i = 0; good && i < L.length; i++) {
    for (let j = 0; j <= i; j++) {
      const rest = covariance[i][j] / (scale[i] * scale[j]) - sum(range(j).map((m) => L[i][m] * L[j][m]));
      L[i][j] = i === j ? Math.sqrt(rest) : rest / L[j][j];
      if (i === j && !(rest > 0)) good = false;
    }
  }
  if (!good) {
    throw new RangeError(
      `${name} is not positive definite: every variance, in every direction, must be greater than 0`,
    );
  }
  return { L, scale };
}

// Eigenvalues, the smaller first, and unit eigenvectors of a symmetric matrix with one or two rows.
export function eigen(matrix) {
  if (matrix.length === 1) return { values: matrix[0], vectors: [[1]] };
  const [[a, b], [, c]] = matrix;
  const middle = (a + c) / 2;
  const radius = Math.hypot((a - c) / 2, b);
  const angle = Math.atan2(2 * b, a - c) / 2;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return { values: [middle - radius, middle + radius], vectors: [[-sin, cos], [cos, sin]] };
}

/** A mixture of normal distributions of one of four families; the objective is the log-likelihood. */
function gaussianMixture({ covariance_type: family }) {
  const matrices = family === "full" || family === "tied";

  function logJoint(x, params) {
    const D = x[0].length;
    const factors = fullCovariances(family, params).map((covariance, k) => {
      if (!matrices) {
        covariance.forEach((row, d) => {
          const place = family === "diag" ? `${k}, ${d}` : `${k}`;
          if (!(row[d] > 0)) {
            throw new RangeError(`covariances[${place}] is ${row[d]}; every variance must be greater than 0`);
          }
        });
      }
      const { L, scale } = cholesky(covariance, family === "tied" ? "covariances" : `covariances[${k}]`);
      const logDeterminant = 2 * sum(L.map((row, d) => Math.log(scale[d] * row[d])));
      return { L, scale, constant: Math.log(params.weights[k]) - (D * Math.log(2 * Math.PI) + logDeterminant) / 2 };
    });
    const white = new Array(D);
    return x.map((point) =>
      factors.map(({ L, scale, constant }, k) => {
        let squares = 0;
        for (let i = 0; i < D; i++) {
          let rest = (point[i] - params.means[k][i]) / scale[i];
          for (let j = 0; j < i; j++) rest -= L[i][j] * white[j];
          white[i] = rest / L[i][i];
          squares += white[i] ** 2;
        }
        return constant - squares / 2;
      }),
    );
  }

  function average(all, counts) {
    if (family === "tied") {
      const N = sum(counts);
      return all[0].map((row, i) => row.map((_, j) => sum(all.map((scatter) => scatter[i][j])) / N));
    }
    const covariances = all.map((scatter, k) => scatter.map((row) => row.map((value) => value / counts[k])));
    if (family === "full") return covariances;
    const variances = covariances.map((matrix) => matrix.map((row, d) => row[d]));
    return family === "diag" ? variances : variances.map((v) => sum(v) / v.length);
  }

  // Compare every component's covariance with that of all the data, direction by direction.
  function refuseCollapse({ counts, means }, all, params) {
    const D = means[0].length;
    const N = sum(counts);
    const centre = range(D).map((d) => sum(counts.map((count, k) => count * means[k][d])) / N);
    const overall = range(D).map((i) =>
      range(D).map((j) =>
        sum(all.map((scatter, k) => scatter[i][j] + counts[k] * (means[k][i] - centre[i]) * (means[k][j] - centre[j]))) / N,
      ),
    );
    let variances = overall.map((row, d) => row[d]);
    let flat = centre.map((c) => (FLAT * c) ** 2);
    // what the rounding of a mean alone can leave of a variance
    let rounding = centre.map((c) => (4 * EPS * c) ** 2);
    if (family === "spherical") {
      [variances, flat, rounding] = [variances, flat, rounding].map((values) => [sum(values) / D]);
    }
    variances.forEach((variance, d) => {
      if (variance <= flat[d]) {
        const which = family === "spherical" ? "every feature" : `feature ${d}`;
        throw new DegenerateError(
          `${which} of x is constant, or all but constant around ${six(centre[d])}: no normal density fits; ` +
            "leave it out, or subtract its offset",
        );
      }
    });
    let spread;
    if (matrices) {
      const scale = variances.map(Math.sqrt);
      const { values, vectors } = eigen(overall.map((row, i) => row.map((value, j) => value / (scale[i] * scale[j]))));
      if (values[0] < COLLAPSE * 10 * D) {
        throw new DegenerateError(
          `the features depend linearly on each other: direction ${list(vectors[0].map((v, d) => v / scale[d]), 3)} ` +
            "of x is constant; leave one of them out",
        );
      }
      const axes = vectors.map((vector, i) => vector.map((v, d) => v / Math.sqrt(values[i]) / scale[d]));
      const quadratic = (u, matrix, v) => sum(matrix.map((row, i) => u[i] * sum(row.map((value, j) => value * v[j]))));
      spread = (family === "tied" ? [params.covariances] : params.covariances).map(
        (matrix) => eigen(axes.map((u) => axes.map((v) => quadratic(u, matrix, v)))).values[0],
      );
    } else {
      spread = params.covariances.map((own) => Math.min(...[own].flat().map((value, d) => value / variances[d])));
    }
    const least = COLLAPSE + Math.max(...rounding.map((r, d) => r / variances[d]));
    spread.forEach((value, k) => {
      if (value < least) {
        const around = `${list(means[k], 4)} (expected count ${short(counts[k])})`;
        const which = family === "tied" ? "the tied covariance" : `component ${k}, around ${around},`;
        throw new DegenerateError(
          `${which} has collapsed: the likelihood is unbounded there; ` +
            "use another start, fewer components or a simpler covariance_type",
        );
      }
    });
  }

  return {
    posterior: (x, params) => condition(logJoint(x, params))[0],
    eStep(x, params) {
      const [responsibilities, logDensity] = condition(logJoint(x, params));
      return [moments(x, responsibilities, params.means), sum(logDensity)];
    },
    mStep(statistics) {
      const { counts, means } = statistics;
      counts.forEach((count, k) => {
        if (count < SMALLEST_COUNT) {
          throw new DegenerateError(
            `component ${k} is dead: its expected count is ${scientific(count)}; start it elsewhere`,
          );
        }
      });
      const all = scatters(statistics);
      const N = sum(counts);
      const params = { weights: counts.map((count) => count / N), means, covariances: average(all, counts) };
      refuseCollapse(statistics, all, params);
      return { params, warnings: [] };
    },
    unit: () => 1,
  };
}

/** The model that `spec` describes: {kind, …} with the fields of emlib's class of that name. */
export function model(spec) {
  return { KMeans: kMeans, SoftAssignment: softAssignment, GaussianMixture: gaussianMixture }[spec.kind](spec);
}

/** Snapshots without end, as emlib.iterate yields them; each tells the warnings of the step that led to it. */
export function* iterate(spec, x, start) {
  const { eStep, mStep } = model(spec);
  let step = { params: start, warnings: [] };
  for (let iteration = 0; ; iteration++) {
    const [statistics, objective] = eStep(x, step.params);
    yield { iteration, params: step.params, objective, warnings: step.warnings };
    step = mStep(statistics);
  }
}

/**
 * Run EM as emlib.fit does, and yield the record of it after every step: {spec, snapshots, converged, reason}, with no
 * reason as long as it runs. What stops a run early, a component that collapses for example, is told as its reason, and
 * the snapshots that came before are kept. K-means has a snapshot after each half of a step.
 */
export function* fitting(spec, x, start, { tol = 1e-8, maxIter = 1000 } = {}) {
  const run = { spec, snapshots: [], converged: false, reason: null };
  const end = (reason, converged = false) => Object.assign(run, { reason, converged });
  try {
    const { unit, halfway } = model(spec);
    const total = unit(x) * x.length;
    let before = null;
    for (const snapshot of iterate(spec, x, start)) {
      if (before && halfway) run.snapshots.push(halfway(x, before, snapshot));
      run.snapshots.push(snapshot);
      const { iteration, objective } = snapshot;
      const gain = before ? objective - before.objective : Infinity;
      if (gain < -ROUNDING * (total + Math.abs(before?.objective))) {
        end(`the objective fell from ${before.objective} to ${objective} in iteration ${iteration}`);
      } else if (gain <= tol * total) {
        end(`converged in iteration ${iteration}`, true);
      } else if (iteration === maxIter) {
        end(`not converged after ${maxIter} iterations`);
      }
      yield run;
      if (run.reason) return;
      before = snapshot;
    }
  } catch (error) {
    if (!(error instanceof DegenerateError || error instanceof RangeError)) throw error;
    end(error.message);
    yield run;
  }
}

/** −2 ℓ + p log N for p free parameters, as emlib.Estimator has it: the smaller the better. */
export const bic = (logLikelihood, free, N) => free * Math.log(N) - 2 * logLikelihood;

/** K centres for data x by each recipe of emlib.starts; `random()` is uniform in [0, 1). */
export const STARTS = {
  "kmeans++"(x, K, random) {
    const chosen = [x[Math.floor(random() * x.length)]];
    while (chosen.length < K) {
      const squares = x.map((point) => Math.min(...chosen.map((centre) => squaredDistance(point, centre))));
      let left = random() * sum(squares);
      const n = squares.findIndex((square) => square > 0 && (left -= square) < 0);
      chosen.push(x[n >= 0 ? n : squares.findLastIndex((square) => square > 0)]);
    }
    return chosen;
  },
  points(x, K, random) {
    const distinct = [...new Map(x.map((point) => [String(point), point])).values()];
    return range(K).map(() => distinct.splice(Math.floor(random() * distinct.length), 1)[0]);
  },
  random(x, K, random) {
    const columns = x[0].map((_, d) => x.map((point) => point[d]));
    const box = columns.map((values) => [Math.min(...values), Math.max(...values)]);
    return range(K).map(() => box.map(([low, high]) => low + (high - low) * random()));
  },
};

/** A start of a run, as the model's `start` in emlib makes it; a RangeError if there are too few points. */
export function start(spec, x, recipe, random) {
  const K = spec.n_components;
  const distinct = new Set(x.map(String)).size;
  for (const [count, kind] of [[x.length, "points"], [distinct, "distinct points"]]) {
    if (count < K) throw new RangeError(`n_components is ${K}; x has only ${count} ${kind}`);
  }
  const means = STARTS[recipe](x, K, random);
  if (spec.kind !== "GaussianMixture") return { means };
  const { mStep } = model(spec);
  const centre = x[0].map((_, d) => sum(x.map((point) => point[d])) / x.length);
  const shares = x.map(() => new Array(K).fill(1 / K));
  const { weights, covariances } = mStep(moments(x, shares, range(K).map(() => centre))).params;
  return { weights, means, covariances };
}
