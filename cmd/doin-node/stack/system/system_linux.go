package system

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// networks are the file systems of other machines, by the magic number of statfs(2).
var networks = map[int64]string{
	unix.NFS_SUPER_MAGIC: "NFS", unix.SMB_SUPER_MAGIC: "SMB", unix.SMB2_SUPER_MAGIC: "SMB", unix.CIFS_SUPER_MAGIC: "CIFS",
	unix.AFS_SUPER_MAGIC: "AFS", unix.CEPH_SUPER_MAGIC: "Ceph", unix.V9FS_MAGIC: "9P", 0x0bd00bd0: "Lustre", 0x47504653: "GPFS",
}

func diskOf(path string) (d Disk, ok bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return d, false
	}
	return Disk{FreeBytes: int64(st.Bavail) * int64(st.Bsize), SizeBytes: int64(st.Blocks) * int64(st.Bsize),
		Network: networks[int64(uint32(st.Type))], ReadOnly: st.Flags&unix.ST_RDONLY != 0}, true
}

// ClockKept reports whether the kernel says that something keeps its clock right; a container may not be told.
func ClockKept() (kept, ok bool) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return false, false
	}
	return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, true
}
