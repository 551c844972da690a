package p2p

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// What is gossiped is a frame:
//
//	offset  bytes  inline               announced
//	0       1      1                    2
//	1       n      body, 1 ≤ n ≤ max    SHA-256 of the body, 32 bytes
//	33      4                           length of the body, little-endian, above max
const (
	frameBody     = 1
	frameAnnounce = 2

	announceBytes = 1 + sha256.Size + 4
)

// errFrame is the error of a frame that no honest node makes.
var errFrame = errors.New("p2p: malformed frame")

type hash = [sha256.Size]byte

// announcement names a body that is got from whoever announced it.
type announcement struct {
	hash  hash
	bytes int
}

// announce names a body.
func announce(body []byte) announcement { return announcement{sha256.Sum256(body), len(body)} }

func appendBody(dst, body []byte) []byte { return append(append(dst, frameBody), body...) }

func (a announcement) append(dst []byte) []byte {
	dst = append(append(dst, frameAnnounce), a.hash[:]...)
	return binary.LittleEndian.AppendUint32(dst, uint32(a.bytes))
}

// parseFrame returns the body, or else the announcement, of a frame.
func parseFrame(frame []byte, maxInline, maxBody int) (body []byte, a announcement, err error) {
	if len(frame) < 2 {
		return nil, a, errFrame
	}
	switch frame[0] {
	case frameBody:
		if len(frame)-1 > maxInline {
			return nil, a, errFrame
		}
		return frame[1:], a, nil
	case frameAnnounce:
		if len(frame) != announceBytes {
			return nil, a, errFrame
		}
		copy(a.hash[:], frame[1:])
		n := binary.LittleEndian.Uint32(frame[1+sha256.Size:])
		if int64(n) <= int64(maxInline) || int64(n) > int64(maxBody) {
			return nil, a, errFrame
		}
		a.bytes = int(n)
		return nil, a, nil
	}
	return nil, a, errFrame
}

// frameID is the id by which pubsub knows a frame: a hash of all of it.
func frameID(frame []byte) string {
	sum := sha256.Sum256(frame)
	return string(sum[:])
}
