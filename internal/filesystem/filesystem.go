package filesystem

import (
	"os"
	"path/filepath"
)

// kinds are file systems of other machines by their magic number in statfs(2).
var kinds = map[uint32]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xfe534d42: "SMB",
	0xff534d42: "CIFS",
	0x5346414f: "AFS",
	0x0bd00bd0: "Lustre",
	0x47504653: "GPFS",
	0x19830326: "BeeGFS",
	0x00c36400: "Ceph",
	0x01021997: "9P",
}

// Network returns the kind of the file system that holds path, or would hold it: its nearest folder that there is. "" is one of this
// machine's, or one that is not known.
func Network(path string) (kind string, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(path); err == nil || filepath.Dir(path) == path {
			break
		}
		path = filepath.Dir(path)
	}
	magic, err := magicOf(path)
	if err != nil {
		return "", err
	}
	return kinds[magic], nil
}
