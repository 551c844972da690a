// Package domain says what a domain is: one optimization problem with its data loaded, which a worker searches,
// trains, verifies and answers questions about.
//
// A [Domain] turns a recipe (parameters) and the seeds of a claim into a [Model] by training; the same recipe, seeds and data
// give the same model, bit for bit, on every machine. What a search has trained on its way there is a [Trial]. Claims are
// compared case by case, in integers ([Pair]). Where trainings run is the caller's matter ([Each]). For evaluators it makes [Synthetic] data from a 32-bit seed, on which
// models are scored beside each other. A domain that has a search strategy of its own is also a [Stepper]; one whose
// recipes have to meet a limit that the bounds of single genes cannot express is also a [Repairer].
//
// The built-in domains are the packages quadratic, forecast and tabular beneath this one; package open makes one by the
// name of its plugin. What all have in common is here: strict configurations ([Reader], [Checks]) and the form
// of recipes that train a network ([Recipe]). What those share that train networks is package supervised. Domains know
// nothing of peers, chains or processes, and keep no model: the worker protocol, and its cache of models, is package
// compute/worker.
package domain
