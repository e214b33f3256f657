# mclust's EM from given starts: numbers come in as raw doubles, then every byte is a request to run and to answer.

suppressMessages(library(mclust))
arguments <- commandArgs(trailingOnly = TRUE)
family <- arguments[1]
ROUND <- as.numeric(arguments[2])
sizes <- as.integer(arguments[-(1:2)])
n <- sizes[1]; d <- sizes[2]; k <- sizes[3]; iterations <- sizes[5]

input <- file("stdin", "rb")
output <- pipe("cat", "wb")
numbers <- function(...) array(readBin(input, "double", prod(...)), c(...))

x <- numbers(n, d)
starts <- lapply(seq_len(sizes[4]), function(i) {
  pro <- as.vector(numbers(k))
  mean <- numbers(d, k)
  sigma <- numbers(d, d, k)
  diagonals <- apply(sigma, 3, diag)
  scale <- apply(diagonals, 2, function(v) exp(mean(log(v))))
  variance <- list(modelName = family, d = d, G = k, sigma = sigma, Sigma = sigma[, , 1],
                   cholsigma = array(apply(sigma, 3, chol), c(d, d, k)), cholSigma = chol(sigma[, , 1]),
                   sigmasq = diagonals[1, ], scale = scale, shape = sweep(diagonals, 2, scale, "/"))
  list(pro = pro, mean = mean, variance = variance)
})
control <- emControl(tol = 0, itmax = iterations)

processor <- function() sum(proc.time()[1:2])

while (length(readBin(input, "raw", 1))) {
  begin <- processor()
  calls <- seconds <- 0
  while (seconds < ROUND) {
    fits <- lapply(starts, function(start) em(x, modelName = family, parameters = start, control = control))
    calls <- calls + 1
    seconds <- processor() - begin
  }
  writeBin(seconds / calls, output)
  for (fit in fits) {
    found <- fit$parameters
    writeBin(abs(attr(fit, "info")[["iterations"]]), output)
    writeBin(as.double(found$pro), output)
    writeBin(as.double(found$mean), output)
    writeBin(as.double(found$variance$sigma), output)
  }
  flush(output)
}
