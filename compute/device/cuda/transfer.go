package cuda

// inPieces cuts size bytes into pieces of at most piece bytes and carries each through start and finish, with at most
// slots pieces started and not finished: so the processor copies one piece while the device fetches another. slot is the
// piece's number modulo slots; a slot's piece is finished before its next is started. The first error ends it, with
// pieces unfinished.
func inPieces(size, piece, slots int, start, finish func(slot, from, to int) error) error {
	pieces := (size + piece - 1) / piece
	run := func(do func(slot, from, to int) error, i int) error {
		return do(i%slots, i*piece, min(size, (i+1)*piece))
	}
	for i := range pieces + slots {
		if done := i - slots; done >= 0 && done < pieces {
			if err := run(finish, done); err != nil {
				return err
			}
		}
		if i < pieces {
			if err := run(start, i); err != nil {
				return err
			}
		}
	}
	return nil
}
