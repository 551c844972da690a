// Package supervised is what domains share whose recipes train a network on samples with known targets.
//
// A [Problem] supplies what is its own: the network that a genome asks for, the samples that the network sees, what a
// network is worth on them, synthetic data and answers. [New] makes a domain.Domain of it, which does the rest: it reads
// and refuses recipes, repairs genomes whose network is too large, trains claims on a device, combines and measures what comes out, and keeps
// digest, metrics and the order of refusals the same everywhere. The package also has the parts that problems are made
// of: settings ([Config]), genes ([Layers], [Batch] and others), data files ([ReadFile]; what is in them: package data), scaling ([Scale])
// and hashes ([Hasher]).
//
// # Recipes
//
// A recipe is {"contract", "domain", "genome", "data_hash"}. The data hash covers everything but the genome that results
// depend on, so that a node with another problem abstains instead of judging. Training runs under the key of the task
// {recipe, seed} (nn.TaskKey), with the settings of AdamW in this package.
//
// # Claims
//
// A claim of K seeds on the O folds of a domain is K·O trainings, each on what its fold may know, with early stopping by the
// fold's validation cases; and K final ones on everything before the test part, with the same schedule and no early stopping,
// of so many steps as is the lower median of the best steps of the seed's O trainings. The closed-form models of the problem
// ([Member]) are fitted beside them: on each fold, and on everything before the test part.
//
// Members are the K networks in the order of the seeds, then the closed forms in theirs. A seed of which a training diverged
// has no final one and no weight; a claim without any other diverged. Weights are closed.Weights of the members' predictions
// of the validation cases of all folds together, the errors of a fold in units of the baseline's there: everybody derives
// them from the trainings, so they are part of the digest and not of the recipe. What is measured on the validation cases is
// the combined prediction of the models of each case's fold (closed.Combine), of classes: of probabilities. What answers, is
// scored and is measured on the test part is the final models combined with the same weights. Measures of training are the
// final ones on what they were trained on, of the networks alone where the closed forms cannot be asked there.
//
// Performance is minus the error over all validation cases in units of the performance: a scaled error or, of a relative
// problem, one by the baseline's. The baseline is the one of [Problem.Baselines] with the smallest error over the cases.
//
// A trial is one network, on some folds, to a rung: a pause of the full schedule after 3^r epochs. Its performance is that of
// the ensemble of the one network and the closed forms, to which the network's own error contributes 2^-10.
//
// # Digests
//
// The digest of a claim is the root of a Merkle tree (nn.MerkleRoot) with these leaves:
//
//	K·O         roots of the trainings, seed by seed, fold by fold
//	K           roots of the final trainings; zeros where there is none
//	1           SHA-256 of the result:
//	              "doin/PLUGIN/claim/1\n"
//	              K, O
//	              number of weights, weights                     none if the claim diverged
//	              of each fold and of the final fit:             O + 1 times
//	                number of closed forms, and of each:
//	                  number of coefficients, coefficients       bits of doubles
//	              of training, validation, test:
//	                bits of the loss (NaN as 7fc00000)           as a word
//	                number of correct cases                      where the problem counts them
//	              number of validation cases, their errors       in 2^-20, see domain.CaseError; none if diverged
//
// Words have 64 bits and are little-endian.
//
// # Synthetic data
//
// The random key of synthetic data is SHA-256(canonical {"contract", "data_hash", "domain", "synthetic_seed"})[:8]. Their
// hash is the SHA-256 of the line "doin/PLUGIN/synthetic/1", the number of values and the bits of the values as doubles,
// in words of 64 bits, little-endian.
//
// Models are not cached here: package worker keeps those that are asked for again.
package supervised
