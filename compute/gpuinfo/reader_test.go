package gpuinfo

import (
	"errors"
	"strings"
	"testing"
)

// fakeSource has devices; nil ones are lost.
type fakeSource struct {
	devices  []*Info
	err      error // of count
	closings int
}

func (f *fakeSource) count() (int, error) { return len(f.devices), f.err }

func (f *fakeSource) index(id string) (int, error) {
	for i, d := range f.devices {
		if d != nil && d.PCIBusID == id {
			return i, nil
		}
	}
	return 0, ErrNotFound
}

func (f *fakeSource) read(index int) (Info, error) {
	if index >= len(f.devices) {
		return Info{}, ErrNotFound
	}
	if f.devices[index] == nil {
		return Info{}, ErrLost
	}
	return *f.devices[index], nil
}

func (f *fakeSource) close() error {
	f.closings++
	return nil
}

func TestReader(t *testing.T) {
	f := &fakeSource{devices: []*Info{{Name: "a", PCIBusID: "00:01"}, nil, {Name: "c", PCIBusID: "00:03"}}}
	r := &Reader{source: f}
	if n, err := r.Count(); n != 3 || err != nil {
		t.Errorf("Count = %d, %v, want 3", n, err)
	}
	infos, err := r.Read()
	if len(infos) != 2 || infos[0].Name != "a" || infos[1].Name != "c" {
		t.Errorf("Read = %+v, want a and c", infos)
	}
	if !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "device 1") {
		t.Errorf("Read's error = %v, want that device 1 is lost", err)
	}
	if i, err := r.Device(2); i.Name != "c" || err != nil {
		t.Errorf("Device(2) = %+v, %v", i, err)
	}
	if i, err := r.ByPCIBusID("00:03"); i.Name != "c" || err != nil {
		t.Errorf("ByPCIBusID = %+v, %v", i, err)
	}
	for _, index := range []int{-1, 3} {
		if _, err := r.Device(index); !errors.Is(err, ErrNotFound) {
			t.Errorf("Device(%d) = %v, want ErrNotFound", index, err)
		}
	}
	if _, err := r.ByPCIBusID("00:02"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "00:02") {
		t.Errorf("ByPCIBusID of none = %v, want ErrNotFound", err)
	}
	f.err = ErrMismatch
	if _, err := r.Read(); !errors.Is(err, ErrMismatch) {
		t.Errorf("Read = %v, want ErrMismatch", err)
	}

	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Close(); !errors.Is(err, ErrClosed) || f.closings != 1 {
		t.Errorf("second Close = %v, the source was closed %d times", err, f.closings)
	}
	_, err = r.Read()
	_, err2 := r.Device(0)
	if !errors.Is(err, ErrClosed) || !errors.Is(err2, ErrClosed) {
		t.Errorf("after Close: %v, %v, want ErrClosed", err, err2)
	}
}

// TestOpen passes with and without a driver.
func TestOpen(t *testing.T) {
	r, err := Open()
	if err != nil {
		if !errors.Is(err, ErrNoNVML) {
			t.Errorf("Open = %v, want one that wraps ErrNoNVML", err)
		}
		return
	}
	if !Built {
		t.Error("Open found NVML in a build without it")
	}
	infos, err := r.Read()
	if err != nil {
		t.Error(err)
	}
	for _, i := range infos {
		if !i.Has(Name|UUID|PCIBusID|Memory) || i.MemoryUsedBytes > i.MemoryTotalBytes {
			t.Errorf("device %d: %+v", i.Index, i)
		}
		again, err := r.ByPCIBusID(i.PCIBusID)
		if err != nil || again.UUID != i.UUID || again.Index != i.Index {
			t.Errorf("ByPCIBusID(%s) = %+v, %v, want device %d", i.PCIBusID, again, err, i.Index)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
