// Package closed is the textbook for series: forecasters in closed form, fitted in DOIN-F64 (package f64) so that every
// machine finds the same bits.
//
// [Specs] names those that a series allows, [Fit] makes a [Model] of one on what may be known, and [Model.Walk] gives the
// forecasts of all horizons from every later origin, with the coefficients as fitted and the states run on. [Weights]
// chooses small integer weights over any members, nets and trees among them, by the errors of what they answer together.
// [Periods] finds the seasons of a series.
//
// Members: last value, seasonal naive, drift, median, and the mean change of past periods; exponential smoothing in its error
// correction form, simple, damped, and with additive or multiplicative seasons (Holt; Winters; Hyndman, Koehler, Ord, Snyder, Forecasting with exponential
// smoothing, Springer 2008), and Theta as simple smoothing with half the slope (Hyndman, Billah, Unmasking the Theta method,
// 2003), their parameters by a fixed grid on the error over all steps, those without seasons of their own on the series less
// its seasons; ARIMA(1,1,1) and, with a season, (1,1,1)(0,1,1), by a grid too; autoregressions of levels and of changes, iterated, their lags by the corrected criterion of Akaike; ridge
// regression of the change over lags, means, seasonal lags and harmonics, one direct regression a step. Those of which it may
// help also on logarithms.
//
// A series is divided by a power of two before anything else, so the forecasts of y·2^k are those of y times 2^k, bit for
// bit. Functions are pure: no clock, no randomness, no goroutine; whoever wants members in parallel fits them so.
//
// Absent: ARIMA of other orders or by likelihood, state-space filters, intervals, and what has more than one series.
package closed
