package nn

import (
	"crypto/sha256"
	"math"
	"math/big"

	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

// ContractVersion names the numeric contract that this engine keeps. It is a member of every task, so that two versions
// never share a random stream, a recipe or a digest.
const ContractVersion = "DOIN-F32 v2"

// TaskKey returns the random key of a task: the first 8 bytes, little-endian, of the SHA-256 of the canonical JSON of
// {contract, domain, genome, data_hash, seed}.
func TaskKey(contract, domain string, genome *canon.Object, dataHash string, seed uint64) rng.Key {
	var number any = int64(seed)
	if seed > math.MaxInt64 {
		number = new(big.Int).SetUint64(seed)
	}
	o := canon.NewObject(
		"contract", contract,
		"domain", domain,
		"genome", genome,
		"data_hash", dataHash,
		"seed", number,
	)
	h := sha256.Sum256(canon.Canonical(o))
	return rng.KeyFromBytes(h[:])
}
