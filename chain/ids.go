package chain

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// ZeroHash stands for "no hash": the previous hash of block 0 and the root of no transactions.
const ZeroHash = "0000000000000000000000000000000000000000000000000000000000000000"

func hexSHA256(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// MerkleRoot returns the root over transaction ids in block order. No leaf gives ZeroHash, one leaf
// is its own root; otherwise each level of odd length repeats its last entry and a parent is the
// SHA-256 of its children's texts joined. Leaves are opaque texts. The list is not changed.
//
// Repeating the last entry means that a list and the same list with its tail repeated can have one
// root; blocks are safe because duplicate ids are refused before the root is looked at.
func MerkleRoot(ids []string) string {
	if len(ids) == 0 {
		return ZeroHash
	}
	level := append(make([]string, 0, len(ids)+1), ids...)
	var pair []byte
	for len(level) > 1 {
		if len(level)%2 == 1 {
			level = append(level, level[len(level)-1])
		}
		for i := 0; i < len(level); i += 2 {
			pair = append(append(pair[:0], level[i]...), level[i+1]...)
			level[i/2] = hexSHA256(pair)
		}
		level = level[:len(level)/2]
	}
	return level[0]
}

// Commitment returns the SHA-256 of canonical(parameters) ":" nonce. The parameters must be exactly
// as the receiver of the reveal will parse them: 1 and 1.0 give different commitments.
func Commitment(parameters *canon.Object, nonce string) string {
	text := canon.AppendCanonical(nil, parameters)
	text = append(append(text, ':'), nonce...)
	return hexSHA256(text)
}

// TrainingSeed returns the seed of one training of a claim: the first eight bytes, little endian, of the SHA-256 of the
// canonical JSON of ["training", domain, draw, member]. draw is what fixes the claim's seeds, in protocol 1 its commitment;
// member counts the claim's trainings from 0.
func TrainingSeed(domain, draw string, member int) uint64 {
	sum := sha256.Sum256(canon.Canonical([]any{"training", domain, draw, int64(member)}))
	return binary.LittleEndian.Uint64(sum[:8])
}

// TrainingSeeds returns the k seeds of a claim: TrainingSeed of its members 0 to k−1.
func TrainingSeeds(domain, draw string, k int) []uint64 {
	seeds := make([]uint64, k)
	for i := range seeds {
		seeds[i] = TrainingSeed(domain, draw, i)
	}
	return seeds
}

// DeterministicSeed returns the first four bytes, big endian, of the SHA-256 of commitment ":" domain ":" salt: the seed of an
// evaluator's synthetic data with SyntheticSalt, and in networks of Python nodes of a training with the empty salt and of
// evaluation round n with the decimal n.
func DeterministicSeed(commitment, domain, salt string) uint32 {
	sum := sha256.Sum256([]byte(commitment + ":" + domain + ":" + salt))
	return binary.BigEndian.Uint32(sum[:4])
}

// SyntheticSalt returns the salt of the synthetic data that an evaluator draws at a chain tip.
func SyntheticSalt(evaluatorID, tipHash string) string { return evaluatorID + ":" + tipHash }

// OptimaeID returns the id of the reference's optimae object. The node itself names an optimae
// by its commitment (or, among reference nodes, by optimizer and time).
func OptimaeID(domainID, optimizerID string, parameters *canon.Object, timestamp timestamp.Time) string {
	return canon.Hash(canon.NewObject(
		"domain_id", domainID,
		"optimizer_id", optimizerID,
		"parameters", parameters,
		"timestamp", timestamp.ISO(),
	))
}

// TaskID returns the id of a queued task.
func TaskID(taskType, domainID, requesterID string, parameters *canon.Object, createdAt timestamp.Time) string {
	return canon.Hash(canon.NewObject(
		"created_at", createdAt.ISO(),
		"domain_id", domainID,
		"parameters", parameters,
		"requester_id", requesterID,
		"task_type", taskType,
	))
}

// TransferID returns the id of a reference transfer; amount and fee are in DOIN.
func TransferID(sender, recipient string, amount, fee float64, nonce int64) string {
	return canon.Hash(canon.NewObject(
		"amount", amount,
		"fee", fee,
		"nonce", nonce,
		"recipient", recipient,
		"sender", sender,
	))
}

// CoinbaseOutput is one payment of a reference coinbase; the amount is in DOIN.
type CoinbaseOutput struct {
	Recipient string
	Amount    float64
}

// CoinbaseID returns the id of a reference coinbase.
func CoinbaseID(blockIndex int64, blockReward float64, outputs []CoinbaseOutput) string {
	list := make([]any, len(outputs))
	for i, out := range outputs {
		list[i] = canon.NewObject("amount", out.Amount, "recipient", out.Recipient)
	}
	return canon.Hash(canon.NewObject(
		"block_index", blockIndex,
		"block_reward", blockReward,
		"outputs", list,
	))
}

// ChannelStateHash returns the hash that both ends of a payment channel agree on.
func ChannelStateHash(channelID string, nonce int64, senderBalance, receiverBalance float64) string {
	return canon.Hash(canon.NewObject(
		"channel_id", channelID,
		"nonce", nonce,
		"receiver_balance", receiverBalance,
		"sender_balance", senderBalance,
	))
}

// ChainStateHash returns the hash that anchors name: SHA-256 of the block hashes in order joined
// with ":".
func ChainStateHash(blockHashes []string) string {
	return hexSHA256([]byte(strings.Join(blockHashes, ":")))
}
