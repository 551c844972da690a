package cuda

import (
	"strconv"
	"strings"
)

// Reason says in a sentence why a program built with the tag gpu ended before its main: from what it wrote to standard
// output and standard error. It returns "" for output that says nothing of it.
//
// There is such output because the program is linked with the driver's library, and because gorgonia.org/cu ends the
// process when the driver's initialisation fails.
func Reason(output []byte) string {
	for line := range strings.Lines(string(output)) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "libcuda.so") && strings.Contains(line, "shared librar") {
			return "no NVIDIA driver: its library libcuda.so.1 is not installed"
		}
		if rest, ok := strings.CutPrefix(line, "Error in initialization"); ok {
			name := rest[strings.LastIndexAny(rest, " \t")+1:]
			if r, ok := resultNamed(name); ok {
				return strings.TrimSuffix(r.Error()+": "+advices[r], ": ")
			}
			return "the CUDA driver cannot be initialised: " + name
		}
	}
	return ""
}

// resultNamed finds a result by the name that gorgonia.org/cu has for it, "NoDevice" or "UnknownErrorCode:34".
func resultNamed(name string) (Result, bool) {
	if digits, ok := strings.CutPrefix(name, "UnknownErrorCode:"); ok {
		n, err := strconv.ParseInt(digits, 10, 32)
		return Result(n), err == nil
	}
	for r, m := range meanings {
		if strings.EqualFold(strings.ReplaceAll(m.name, "_", ""), name) {
			return r, true
		}
	}
	return 0, false
}
