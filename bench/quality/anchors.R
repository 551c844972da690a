# Test errors of R's package forecast on one series: NAME FILE VALUE_COLUMN PERIOD HORIZON,HORIZON,...
# The models are fitted on what precedes the last 15 %, and forecast from every origin whose targets are all in it.
# Prints set,metric,method,value,seconds.
suppressMessages(library(forecast))
a <- commandArgs(TRUE)
y <- read.csv(a[2])[[a[3]]]
n <- length(y)
test <- n - floor(n * 0.15)
period <- as.integer(a[4])
if (period > 24) period <- 1 # ets and seasonal ARIMA have no longer seasons
series <- function(to) ts(y[1:to], frequency = period)
seconds <- as.numeric(Sys.getenv("LIMIT", "60")) # for the origins of one method

ets_model <- try(ets(series(test)), silent = TRUE)
arima_model <- try(auto.arima(series(test), approximation = test > 200), silent = TRUE)
methods <- list(
  ets = function(o, h) forecast(ets(series(o), model = ets_model, use.initial.values = TRUE), h = h, PI = FALSE)$mean,
  auto.arima = function(o, h) forecast(Arima(series(o), model = arima_model), h = h)$mean,
  thetaf = function(o, h) thetaf(series(o), h = h)$mean)

cat("set,metric,method,value,seconds\n")
for (h in as.integer(strsplit(a[5], ",")[[1]])) for (name in names(methods)) {
  error <- function(o) mean(abs(as.numeric(methods[[name]](o, h)) - y[o + 1:h]))
  naive <- function(list) mean(sapply(list, function(o) mean(abs(y[o] - y[o + 1:h]))))
  origins <- test:(n - h)
  begun <- proc.time()[["elapsed"]]
  first <- try(error(origins[1]), silent = TRUE)
  if (inherits(first, "try-error") || !is.finite(first)) next
  step <- max(1, ceiling(length(origins) * (proc.time()[["elapsed"]] - begun) / seconds))
  some <- origins[seq(1, length(origins), by = step)]
  value <- mean(sapply(some, error)) * (if (step > 1) naive(origins) / naive(some) else 1)
  cat(sprintf("%s,test_mae_h%d,%s%s,%.8g,%.1f\n", a[1], h, name, if (step > 1) "~" else "", value, proc.time()[["elapsed"]] - begun))
}
