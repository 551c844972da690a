package worker

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

const (
	// exportColumn is the column of a file's parts, each as base64 of at most exportPart bytes.
	exportColumn = "content"
	exportPart   = 3 << 20
	// maxInputsBytes bounds what describe says of a question's inputs: a header has no room for more.
	maxInputsBytes = MaxHeaderBytes / 2
)

// Format is a kind of file, as domain.Format has them.
type Format = domain.Format

// Export has the model of a claim written as a file. facts go with it. Errors are Infer's; ErrUnsupported for a worker or a domain
// without exports, ErrRefused, with the reason, for a model that the format cannot hold.
func (s *Supervisor) Export(ctx context.Context, id string, r Recipe, f Format, facts *canon.Object) ([]byte, error) {
	if len(r.Seeds) == 0 {
		return nil, fmt.Errorf("%w: export without a seed", ErrRefused)
	}
	if d, known := s.Description(); known && !d.Can(Exports) {
		return nil, fmt.Errorf("%w: %s writes no files", ErrUnsupported, d.Name)
	}
	frame := Frame{Verb: VerbExport, Data: canon.NewObject("domain", id, "parameters", r.Parameters, "seeds", seedList(r.Seeds),
		"format", string(f), "facts", facts)}
	var out []byte
	err := s.job(ctx, classInference, frame, func(reply *Frame) (err error) {
		out, err = s.exported(reply)
		return err
	})
	return out, err
}

// exported joins the parts of a file.
func (s *Supervisor) exported(reply *Frame) (out []byte, err error) {
	t, err := table.Read(s.mem, reply.Body, s.limits.FrameBytes)
	if err != nil {
		return nil, err
	}
	parts, err := table.Values[string](t, exportColumn)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		if out, err = base64.StdEncoding.AppendDecode(out, []byte(part)); err != nil {
			return nil, fmt.Errorf("%s: %w", exportColumn, err)
		}
	}
	size, err := reply.Data.Int("bytes")
	if err == nil && size != int64(len(out)) {
		err = fmt.Errorf("%d bytes of %d", len(out), size)
	}
	return out, err
}

// Inputs returns what a question to a configured domain names, as domain.Asked does; none where the worker does not say.
func (s *Supervisor) Inputs(ctx context.Context, id string) ([]*canon.Object, error) {
	f, err := s.request(ctx, Frame{Verb: VerbDescribe, Data: canon.NewObject("domain", id)}, s.limits.Configure, nil)
	if err != nil {
		return nil, err
	}
	list, err := f.Data.ListOr("inputs", nil)
	if err != nil {
		return nil, err
	}
	var out []*canon.Object
	for _, v := range list {
		o, err := canon.AsObject(v)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// withInputs adds to a domain's info what its questions name, if there is room.
func withInputs(o *canon.Object, d domain.Domain) *canon.Object {
	a, ok := d.(domain.Asked)
	if !ok {
		return o
	}
	list := objects(a.Inputs())
	if len(list) > 0 && len(canon.Default(list)) <= maxInputsBytes {
		o.Set("inputs", list)
	}
	return o
}

// export answers the verb.
func (s *server) export(ctx context.Context, f *Frame) (reply Frame, err error) {
	d, err := s.domain(f.Data)
	if err != nil {
		return reply, err
	}
	r := reader{o: f.Data}
	asked, format := Recipe{r.object("parameters"), r.seeds()}, r.text("format")
	if r.err != nil {
		return reply, fmt.Errorf("%w: %w", errBadRequest, r.err)
	}
	facts, err := f.Data.ObjectOr("facts", nil)
	if err != nil {
		return reply, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	m, err := s.claimed(ctx, classInference, d, &asked)
	if err != nil {
		return reply, err
	}
	e, ok := m.(domain.Exporter)
	if !ok {
		return reply, fmt.Errorf("%w: models of this domain are not written as files", ErrUnsupported)
	}
	err = s.inSlots(classInference).Once(ctx, func(ctx context.Context) error {
		data, err := e.Export(ctx, domain.Format(format), facts)
		if errors.Is(err, domain.ErrExport) {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
		if err != nil {
			return err
		}
		var parts []string
		for from := 0; from < len(data); from += exportPart {
			parts = append(parts, base64.StdEncoding.EncodeToString(data[from:min(from+exportPart, len(data))]))
		}
		reply.Data = canon.NewObject("format", format, "bytes", len(data))
		reply.Body, err = f.Form.Encode(s.o.Allocator, &table.Table{Rows: len(parts), Columns: []table.Column{{Name: exportColumn, Values: parts}}})
		return err
	})
	return reply, err
}
