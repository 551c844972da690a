// Package op holds the genetic operators: selection, crossover and mutation of
// genomes, named by kind and variant.
//
// Every operator is a function of its arguments and of the draws it takes from
// the *rng.Seq it is given; how many draws that is may depend on the arguments
// and on earlier draws, so each use has a Seq of its own. Genes vary on their own
// unit scale (genome.Gene.Position and At), so a logarithmic gene is varied
// in ratios and a linear one in differences.
//
// Sources: tournaments as in Goldberg and Deb, "A comparative analysis of selection
// schemes used in genetic algorithms" (FOGA 1991); blend crossover BLX-α as in
// Eshelman and Schaffer, "Real-coded genetic algorithms and interval-schemata"
// (FOGA 1993), here with one γ for each gene.
package op
