// Package cuda runs kernels on an NVIDIA card through the CUDA driver: memory, copies, launches and their errors.
//
// Open returns a Device. Its work happens on one goroutine, which is locked to a thread that has the CUDA context, and on one
// stream: copies and launches happen in the order of the calls. A launch returns at once; Upload, Download and Synchronize
// wait. Device.Queue returns another stream with a goroutine of its own, whose work goes on beside that of the others. So
// nobody needs to care about threads, and two devices run side by side.
//
//	d, err := cuda.Open(0, cuda.Options{})
//	m, err := d.Alloc(4096)
//	err = d.Upload(m, data)
//	err = d.Launch("train_f32", grid, 128, sharedBytes, args)
//	err = d.Download(data, m)
//	err = d.Close()
//
// What is common to all builds carries no build tag and is tested without a card: the executor, the memory pool, the
// copies in pieces, the classification of errors. The CUDA driver itself is behind the interface driver, which driver_cu.go
// implements over gorgonia.org/cu in builds with the tag gpu; in all others Open returns device.ErrNoGPU.
//
// In builds with the tag gpu, gorgonia.org/cu initialises the driver before main. Where there is no driver library the
// program does not start; where there is no card it writes a line to its standard output and exits with status 1.
// Package worker reads it.
//
// See the CUDA Driver API reference, sections "Error Handling", "Context Management" and "Module Management".
// Deliberately absent: managed memory, peer access, graphs.
package cuda
