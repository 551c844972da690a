// Package gpuinfo reads what NVIDIA cards say about themselves: memory, utilisation, temperature, power, clocks, energy,
// errors of memory. It asks NVML, the NVIDIA Management Library, which needs no CUDA context and disturbs no kernel.
//
//	r, err := gpuinfo.Open()     // ErrNoNVML: no driver, or a build without NVML
//	infos, err := r.Read()       // all devices
//	info, err := r.Device(0)     // or r.ByPCIBusID("00000000:01:00.0")
//	err = r.Close()
//
// Cards differ in what they tell. What one does not is missing from Info.Known, and is null in Object; it is never an
// error. Meter turns readings into joules.
//
// NVML is loaded when Open is called, so a program with this package starts on machines without a driver. Builds without
// the tag gpu, or without cgo, contain no NVML: there Open returns ErrNoNVML.
//
// See the NVML API Reference Guide, sections "Device Queries" and "Initialization and Cleanup". Deliberately absent:
// everything that changes a card, and events.
package gpuinfo
