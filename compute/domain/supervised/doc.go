// Package supervised is what domains share whose recipes train a network on samples with known targets.
//
// A [Problem] supplies what is its own: the network that a genome asks for, the samples that the network sees, what a
// network is worth on them, synthetic data and answers. [New] makes a domain.Domain of it, which does the rest: it reads
// and refuses recipes, repairs genomes whose network is too large, trains on a device, measures what comes out, and keeps
// digest, metrics and the order of refusals the same everywhere. The package also has the parts that problems are made
// of: settings ([Config]), genes ([Layers], [Batch] and others), data files ([ReadFile], [ReadTable]), scaling ([Scale])
// and hashes ([Hasher]).
//
// # Recipes
//
// A recipe is {"contract", "domain", "genome", "data_hash"}. The data hash covers everything but the genome that results
// depend on, so that a node with another problem abstains instead of judging. Training runs under the key of the task
// {recipe, seed} (nn.TaskKey), with the settings of AdamW in this package.
//
// # Digests
//
// The digest of a model is the SHA-256 of the line "doin/PLUGIN/digest/1", the root of the training's digest
// and, of training, validation and test, the bits of the loss (NaN as 7fc00000), each followed by the number of correct
// samples where the problem counts them; all as little-endian words of 32 bits. Performance is the negative validation
// loss in the problem's units.
//
// # Synthetic data
//
// The random key of synthetic data is SHA-256(canonical {"contract", "data_hash", "domain", "synthetic_seed"})[:8]. Their
// hash is the SHA-256 of the line "doin/PLUGIN/synthetic/1", the number of values and the bits of the values as doubles,
// in words of 64 bits, little-endian.
//
// Models are not cached here: package worker keeps those that are asked for again.
package supervised
