package rng

// Purpose separates the uses of one key: it is the first word of the counter. The numbers are part of the contract and
// are never reused.
type Purpose uint32

// The purposes of DOIN-F32 v2. The comment says what step and draw index mean.
const (
	InitWeights  Purpose = 1  // initial weights: step = layer from 0, index = element of the row-major [in][out] matrix
	Minibatch    Purpose = 2  // order of the samples of an epoch: a permutation, step = epoch from 0
	Dropout      Purpose = 3  // dropped units: step = training step, index = unit, through all dropout layers
	GAInitialize Purpose = 16 // genomes of generation 0
	GASelect     Purpose = 17 // selection, step = generation
	GACross      Purpose = 18 // crossover, step = generation
	GAMutate     Purpose = 19 // mutation, step = generation
	GAImmigrate  Purpose = 20 // placement of immigrants, step = generation
	CMASample    Purpose = 21 // steps of CMA-ES, step = trial
	CMARestart   Purpose = 22 // where a run of CMA-ES begins and how, step = number of the run
	Portfolio    Purpose = 23 // which search of a portfolio makes a generation, step = generation
	Bootstrap    Purpose = 32 // blocks of a synthetic series, step = 0, index = block
	Sample       Purpose = 33 // samples of a synthetic task: step = sample, index = input
	TableSplit   Purpose = 34 // split of a table: a permutation of the rows of a group, step = class, 0 for regression
	TableNoise   Purpose = 35 // noise on synthetic rows of a table: step = row, index = input
	BoostRows    Purpose = 36 // rows that a round of boosting sees: step = round, index = row
	BoostColumns Purpose = 37 // features that a tree sees: a permutation, step = number of the tree
	Probe        Purpose = 48 // inputs of self-tests and tests
)
