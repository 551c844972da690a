//go:build !unix

package host

// processor is not known here.
func processor() float64 { return 0 }
