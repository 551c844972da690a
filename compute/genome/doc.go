// Package genome says what can be searched: spaces of named genes, and the
// genomes that live in them.
//
// A [Space] is an ordered list of genes. Each gene is an integer, a real or a
// category, has bounds, may be measured on a logarithmic scale and may depend on
// an earlier integer or category (a conditional gene, such as the width of a
// layer that not every network has, or a setting of one kind of network). A [Genome] is one number per gene. Its only form
// outside this program is the JSON object of [Space.Object], which holds the
// active genes alone.
//
// Reals are float32 values held as the float64 they equal exactly, and every
// mapping between a gene's unit scale and its values uses float32 additions,
// multiplications, divisions and compute/vec's Exp and Log, so a draw decodes
// to the same genome on every machine (DOIN-F32). Decoding happens where a genome
// is made; verifying one only parses it.
//
// Absent on purpose: variation operators (package ga/op) and anything about
// how a genome is judged (compute/domain).
package genome
