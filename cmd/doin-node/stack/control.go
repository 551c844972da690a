package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"doin.network/node/cmd/doin-node/stack/backup"
	"doin.network/node/internal/timestamp"
)

// ControlSocket returns the socket at which a running node takes what only its owner may ask: who may write the data directory.
func ControlSocket(dataDir string) string { return filepath.Join(dataDir, "control.sock") }

// BackupPath is where the socket answers with a backup, ExportPath where with the chain as an archive, if it is one that proves itself.
const (
	BackupPath = "/backup"
	ExportPath = "/export"
)

// control serves the socket until ctx ends. A system or a path that has no socket costs the commands that use it, nothing else.
func (s *Stack) control(ctx context.Context) error {
	path := ControlSocket(s.Config.DataDir)
	_ = os.Remove(path) // of a node that was killed: the data directory is ours
	ln, err := net.Listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		s.Log.Info("no control socket: to make a backup the node has to be stopped", "path", path, "err", err)
		<-ctx.Done()
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+BackupPath, func(w http.ResponseWriter, r *http.Request) {
		if err := s.Backup(r.Context(), w); err != nil {
			s.Log.Error("backup failed", "err", err)
			panic(http.ErrAbortHandler) // the other end sees that it is not whole
		}
	})
	if export := s.profile.Export; export != nil {
		mux.HandleFunc("POST "+ExportPath, func(w http.ResponseWriter, _ *http.Request) {
			if err := export(w); err != nil {
				s.Log.Error("export failed", "err", err)
				panic(http.ErrAbortHandler)
			}
		})
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	g := errgroup.Group{}
	g.Go(func() error {
		<-ctx.Done()
		return srv.Close()
	})
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		s.Log.Warn("control socket failed", "err", err)
	}
	<-ctx.Done()
	return g.Wait()
}

// Backup writes a backup of the running node to w.
func (s *Stack) Backup(ctx context.Context, w io.Writer) error {
	tmp := s.Path("export")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return err
	}
	begin := s.Now()
	about := backup.About{Program: "doin-node " + Version, MadeAt: timestamp.FromMicro(begin.UnixMicro() / 1e6 * 1e6).Wire(), PeerID: s.Key.PeerID(),
		Network: s.profile.Network, Height: s.Head().Height}
	parts := append(Files(s.Base), backup.Part{Name: backup.Chain, Write: s.profile.Store.Backup}, records(ctx, s.DB, tmp))
	if err := backup.Write(ctx, w, tmp, about, parts); err != nil {
		return err
	}
	s.Log.Info("backup made", "height", about.Height, "seconds", s.Now().Sub(begin).Seconds())
	return nil
}

// Files are the parts of a backup that are files of the data directory, or named by the configuration.
func Files(b *Base) []backup.Part {
	parts := []backup.Part{backup.File(backup.Identity, b.Config.IdentityPath()), backup.File(backup.Genesis, b.Config.GenesisPath()),
		backup.File(backup.Recovery, b.Path(backup.Recovery)), backup.File(backup.Anchors, b.Path("anchors.log"))}
	if b.Config.Path != "" {
		parts = append(parts, backup.File(backup.Config, b.Config.Path))
	}
	return append(parts, backup.Folder(backup.Search, b.Path("search"))...)
}

// records is the part that the database is.
func records(ctx context.Context, db Queries, tmp string) backup.Part {
	return backup.Part{Name: backup.Records, Write: func(w io.Writer) error {
		path, cleanup, err := db.Export(ctx, tmp)
		if err != nil {
			return err
		}
		defer cleanup()
		return backup.File(backup.Records, path).Write(w)
	}}
}

// BackupOf writes a backup of a node that does not run to w.
func BackupOf(ctx context.Context, b *Base, w io.Writer) (err error) {
	st, err := b.OpenStore()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	height, _ := st.Tip()
	network, _ := st.Meta(MetaNetwork)
	now := b.Now()
	about := backup.About{Program: "doin-node " + Version, MadeAt: timestamp.FromMicro(now.UnixMicro() / 1e6 * 1e6).Wire(), Network: string(network), Height: height}
	tmp := b.Path("export")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return err
	}
	parts := append(Files(b), backup.Part{Name: backup.Chain, Write: st.Backup})
	if _, err := os.Stat(b.Config.OLAPPath()); err == nil {
		sink, db, err := openDatabase(ctx, b.Config.OLAPPath(), b.Log)
		if err != nil {
			return fmt.Errorf("records: %w", err)
		}
		defer sink.Close() // the copy is made by then
		parts = append(parts, records(ctx, db, tmp))
	}
	return backup.Write(ctx, w, tmp, about, parts)
}
