package rows

import (
	"context"
	"fmt"
	"time"

	"doin.network/node/chain/store"
	"doin.network/node/olap"
)

// cubeRows is how many rows Cube hands on together.
const cubeRows = 256

// Cube writes the rows of every block of a stored chain, from the genesis block to the tip: what the chain knows of all who take
// part. It changes nothing in the store.
func Cube(ctx context.Context, s *store.Store, now func() time.Time, write func(context.Context, []olap.Row) error) (blocks int64, err error) {
	c := Writer{Store: s, Now: now}
	tip := c.tip()
	var list []olap.Row
	for height := int64(0); height <= tip; height++ {
		b, err := s.Block(height)
		if err != nil {
			return blocks, fmt.Errorf("block %d: %w", height, err)
		}
		receipts, err := s.Receipts(height)
		if err != nil && height > 0 {
			return blocks, fmt.Errorf("receipts of block %d: %w", height, err)
		}
		list = append(list, c.rows(b, receipts)...)
		if blocks++; len(list) >= cubeRows {
			if err := write(ctx, list); err != nil {
				return blocks, err
			}
			list = list[:0]
		}
	}
	if len(list) > 0 {
		err = write(ctx, list)
	}
	return blocks, err
}
