// Package meta is L3: what all recorded trials teach a search that begins.
//
// A [Row] is a trial of some task: its genome on the unit scale, its budget and what is known of the task before the search, and how
// well it did among the trials of its task and budget, as a normal score. [Train] fits a few small networks to rows; a [Prior] is
// their mean, and the last hidden layer of the first one a feature map. A [Guide] uses a prior in one search: it orders the first
// trials, and picks one of several children by the expected improvement of a Gaussian process over the search's own trials, in which
// the prior is the mean function and its features are half of a kernel, as far as marginal likelihood wants either.
//
//	prior, err := meta.Train(ctx, rows, seed)
//	guide := meta.NewGuide(prior, seed)
//	x := children[guide.Choose(children)]
//	guide.Tell(x, fitness)
//
// Learning from other tasks can mislead. [Offline] says whether tasks that were left out are predicted at all; in a search, the first
// trials alternate between proposals and draws, and a prior whose order has nothing to do with theirs is off for the rest of it.
//
// The networks are trained by compute/nn: the same rows and seed give the same weights on every machine, which [Prior.Digest] names.
// What is computed from them is float64 and not promised across architectures; one machine repeats itself.
//
// Sources: Wistuba and Grabocka, "Few-shot Bayesian optimization with deep kernel surrogates" (ICLR 2021), sections 3 and 4;
// Salinas, Shen and Perrone, "A quantile-based approach for hyperparameter transfer learning" (ICML 2020), section 3, for the normal
// scores; Rasmussen and Williams, "Gaussian processes for machine learning" (2006), equations 2.25, 2.26, 4.17 and 5.8; Jones,
// Schonlau and Welch, "Efficient global optimization of expensive black-box functions" (1998), equation 15.
//
// Deliberately absent: gradients of hyperparameters (a grid serves), several objectives, and any knowledge of domains.
package meta
