package conformance

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/worker"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

func (s *suite) describe() error {
	f, err := s.ask(worker.VerbDescribe, nil, nil)
	if err != nil {
		return err
	}
	d, err := worker.ParseDescription(f.Data)
	if err != nil {
		return err
	}
	if v, err := f.Data.Int("protocol"); err != nil || v < 1 {
		return fmt.Errorf("protocol %d, %v", v, err)
	}
	s.description = d
	s.protocol, s.evaluateOnly = d.Protocol, d.Can(worker.EvaluateOnly)
	if d.Protocol >= 2 && (s.config.Lines || d.Can(worker.JSONLines)) {
		s.form, s.c.form = table.JSONLines, table.JSONLines
	}
	if s.config.Plugin == "" {
		if len(d.Plugins) == 0 {
			return errors.New("it names no plugin")
		}
		s.config.Plugin = d.Plugins[0]
	}
	return nil
}

func (s *suite) unknownVerb() error {
	_, err := s.ask("no such verb", nil, nil)
	return refused(err, nil)
}

// badHeader sends a frame whose lengths are right and whose header is not JSON.
func (s *suite) badHeader() error {
	text := "{this is not JSON"
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(text)))
	b = binary.LittleEndian.AppendUint64(b, 0)
	if _, err := s.c.stdin.Write(append(b, text...)); err != nil {
		return err
	}
	f, err := s.c.receiveOf(0)
	if err != nil {
		return err
	}
	if f.Kind != worker.KindError {
		return fmt.Errorf("kind %q, want an error", f.Kind)
	}
	if _, err := s.ask(worker.VerbDescribe, nil, nil); err != nil {
		return fmt.Errorf("the next request: %w", err)
	}
	return nil
}

func (s *suite) configure() error {
	_, err := s.ask(worker.VerbConfigure, s.configuration("no such plugin"), nil)
	if err := refused(err, nil); err != nil {
		return fmt.Errorf("an unknown plugin: %w", err)
	}
	f, err := s.ask(worker.VerbConfigure, s.configuration(s.config.Plugin), nil)
	if err != nil {
		return err
	}
	info, err := worker.ParseInfo(f.Data)
	if err != nil {
		return err
	}
	if info.DataHash == "" || !info.HigherIsBetter {
		return fmt.Errorf("data_hash %q, higher_is_better %v", info.DataHash, info.HigherIsBetter)
	}
	if err := s.accepts(&info); err != nil {
		return err
	}
	if s.evaluateOnly {
		if err := s.recipe(info.Space); err != nil {
			return err
		}
	}
	g, err := s.ask(worker.VerbDescribe, canon.NewObject("domain", domainID), nil)
	if err != nil {
		return fmt.Errorf("describe the domain: %w", err)
	}
	if !canon.Equal(f.Data, g.Data) {
		return errors.New("describe and configure tell different things of the domain")
	}
	_, err = s.ask(worker.VerbDescribe, canon.NewObject("domain", "another"), nil)
	return refused(err, worker.ErrUnknownDomain)
}

// recipe takes the lowest corner of the space for a program that does not search, unless one is configured.
func (s *suite) recipe(space genome.Space) error {
	if err := space.Validate(); err != nil {
		return err
	}
	if s.best == nil {
		s.best = space.Object(space.Random(func() float32 { return 0 }))
	}
	return nil
}

// generations opens a search, takes n records, cancels and takes the reply.
func (s *suite) generations(n int, resume []byte) (records []*worker.Record, bodies [][]byte, err error) {
	data := canon.NewObject("domain", domainID, "seed", 11, "settings", s.config.Settings, "immigrants", []any{}, "ahead", 1)
	id, err := s.c.send(worker.VerbOptimize, data, resume)
	if err != nil {
		return nil, nil, err
	}
	for i := range n {
		f, err := s.c.receiveOf(id)
		if err != nil {
			return nil, nil, err
		}
		if f.Kind == worker.KindError {
			return nil, nil, &refusal{worker.FrameError(&f)}
		}
		if f.Kind != worker.KindRecord {
			return nil, nil, fmt.Errorf("kind %q, want a record", f.Kind)
		}
		r, err := worker.DecodeRecord(s.mem, f.Body, worker.DefaultFrameBytes)
		if err != nil {
			return nil, nil, err
		}
		records, bodies = append(records, r), append(bodies, f.Body)
		end := worker.Frame{ID: id, Verb: worker.VerbOptimize, Kind: worker.KindCredit, Data: canon.NewObject("immigrants", []any{})}
		if i == n-1 {
			end.Kind = worker.KindCancel
		}
		if err := s.c.write(end); err != nil {
			return nil, nil, err
		}
	}
	f, err := s.c.receiveOf(id)
	if err != nil {
		return nil, nil, fmt.Errorf("after cancel: %w", err)
	}
	if f.Kind != worker.KindReply {
		return nil, nil, fmt.Errorf("after cancel: kind %q, want a reply", f.Kind)
	}
	return records, bodies, nil
}

// same demands that two records tell the same but for the seconds that trainings took.
func (s *suite) same(a, b []byte, otherwise string) error {
	var bodies [2][]byte
	for i, body := range [2][]byte{a, b} {
		r, err := worker.DecodeRecord(s.mem, body, worker.DefaultFrameBytes)
		if err != nil {
			return err
		}
		for _, rows := range [2][]worker.Row{r.Rows, r.Gone} {
			for k := range rows {
				rows[k].Seconds = 0
			}
		}
		if r.Best != nil {
			r.Best.Seconds = 0
		}
		if bodies[i], err = r.Encode(s.mem, table.JSONLines); err != nil {
			return err
		}
	}
	if !bytes.Equal(bodies[0], bodies[1]) {
		return errors.New(otherwise)
	}
	return nil
}

func (s *suite) optimize() error {
	whole, bodies, err := s.generations(3, nil)
	if err != nil {
		return err
	}
	for i, r := range whole {
		if r.Generation != i || r.Seed != 11 || len(r.Rows) == 0 || r.Evaluations < int64(i) {
			return fmt.Errorf("record %d: generation %d, seed %d, %d rows, %d evaluations", i, r.Generation, r.Seed, len(r.Rows), r.Evaluations)
		}
	}
	_, again, err := s.generations(1, nil)
	if err != nil {
		return fmt.Errorf("again: %w", err)
	}
	if err := s.same(again[0], bodies[0], "the same seed gave another first generation"); err != nil {
		return err
	}
	_, rest, err := s.generations(1, bodies[1])
	if err != nil {
		return fmt.Errorf("resumed: %w", err)
	}
	if err := s.same(rest[0], bodies[2], "a resumed search went another way"); err != nil {
		return err
	}
	if _, _, err := s.generations(1, []byte("no record")); refused(err, nil) != nil {
		return fmt.Errorf("a bad record: %w", refused(err, nil))
	}
	if best := whole[2].Best; s.best == nil && best != nil {
		s.best = best.Parameters
	}
	return nil
}

// ahead lets two records be unanswered: both come, and the third with the answer to the first. A resumed search with both
// answers goes the same way. Version 1 of the protocol has nothing of it.
func (s *suite) ahead() error {
	if s.protocol < 2 {
		return nil
	}
	data := func() *canon.Object {
		return canon.NewObject("domain", domainID, "seed", 12, "settings", s.config.Settings, "ahead", 2, "window", 3)
	}
	none := canon.NewObject("immigrants", []any{})
	whole, err := s.unanswered(data(), nil, 2, 2, none)
	if err != nil {
		return err
	}
	rest, err := s.unanswered(data().Set("credits", []any{none, none}), whole[1], 2, 0, none)
	if err != nil {
		return fmt.Errorf("resumed: %w", err)
	}
	return s.same(rest[0], whole[2], "a resumed search went another way")
}

// unanswered opens an optimize, takes so many records without an answer and, for each of so many credits, one more.
func (s *suite) unanswered(data *canon.Object, resume []byte, records, credits int, answer *canon.Object) (bodies [][]byte, err error) {
	s.c.next++
	id := s.c.next
	open := worker.Frame{V: 2, ID: id, Verb: worker.VerbOptimize, Kind: worker.KindRequest, Data: data, Form: s.form, Body: resume}
	if err := s.c.write(open); err != nil {
		return nil, err
	}
	for i := range records + credits {
		if i >= records {
			if err := s.c.write(worker.Frame{V: 2, ID: id, Verb: worker.VerbOptimize, Kind: worker.KindCredit, Data: answer}); err != nil {
				return nil, err
			}
		}
		f, err := s.c.receiveOf(id)
		if err != nil {
			return nil, err
		}
		if f.Kind != worker.KindRecord || f.V != 2 {
			return nil, fmt.Errorf("kind %q of version %d, want record %d of version 2", f.Kind, f.V, i)
		}
		bodies = append(bodies, f.Body)
	}
	if err := s.c.write(worker.Frame{V: 2, ID: id, Verb: worker.VerbOptimize, Kind: worker.KindCancel}); err != nil {
		return nil, err
	}
	if f, err := s.c.receiveOf(id); err != nil || f.Kind != worker.KindReply {
		return nil, fmt.Errorf("after cancel: kind %q, %w", f.Kind, err)
	}
	return bodies, nil
}

func (s *suite) shutdown() error {
	if _, err := s.ask(worker.VerbShutdown, nil, nil); err != nil {
		return err
	}
	return s.c.ends()
}

func (s *suite) endOfInput() error {
	if _, err := s.ask(worker.VerbDescribe, nil, nil); err != nil {
		return err
	}
	s.c.stdin.Close()
	return s.c.ends()
}

func (s *suite) cutShort() error {
	if _, err := s.c.stdin.Write([]byte{20, 0, 0}); err != nil {
		return err
	}
	s.c.stdin.Close()
	return s.c.ends()
}

func (s *suite) oversized() error {
	b := binary.LittleEndian.AppendUint32(nil, worker.MaxHeaderBytes+1)
	b = binary.LittleEndian.AppendUint64(b, 0)
	if _, err := s.c.stdin.Write(append(b, strings.Repeat(" ", 64)...)); err != nil {
		return err
	}
	return s.c.ends()
}
