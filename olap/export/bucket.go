package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// ErrBucket is wrapped where a bucket cannot be asked for: its address or the environment is wrong.
var ErrBucket = errors.New("export: no such place")

// Scheme is what the address of a place in a bucket begins with: s3://BUCKET/PREFIX.
const Scheme = "s3://"

// partBytes is how much of an object is sent at once and held in memory; a file may have 10,000 times as much, 78 GiB.
const partBytes = 8 << 20

// Bucket is a place for files in an object store that speaks S3.
type Bucket struct {
	client       *minio.Client
	name, prefix string // the prefix ends with '/', or is empty
}

// OpenBucket returns the place of an address, s3://BUCKET/PREFIX. The environment has the rest, by getenv: AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; AWS_REGION or AWS_DEFAULT_REGION, us-east-1 by default; AWS_ENDPOINT_URL_S3 or
// AWS_ENDPOINT_URL for a store that is not Amazon's. It is not asked yet. The errors wrap ErrBucket.
func OpenBucket(address string, getenv func(string) string) (*Bucket, error) {
	name, prefix, _ := strings.Cut(strings.TrimPrefix(address, Scheme), "/")
	if !strings.HasPrefix(address, Scheme) || name == "" {
		return nil, fmt.Errorf("%w: %q: must be s3://BUCKET/PREFIX", ErrBucket, address)
	}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	key, secret := getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY")
	if key == "" || secret == "" {
		return nil, fmt.Errorf("%w: %s: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set", ErrBucket, address)
	}
	endpoint := first(getenv("AWS_ENDPOINT_URL_S3"), getenv("AWS_ENDPOINT_URL"), "https://s3.amazonaws.com")
	at, err := url.Parse(endpoint)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, fmt.Errorf("%w: AWS_ENDPOINT_URL %q: must be http://HOST:PORT or https://HOST", ErrBucket, endpoint)
	}
	client, err := minio.New(at.Host, &minio.Options{
		Creds: credentials.NewStaticV4(key, secret, getenv("AWS_SESSION_TOKEN")), Secure: at.Scheme == "https",
		Region: first(getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION"), "us-east-1"), MaxRetries: 3,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBucket, address, err)
	}
	return &Bucket{client: client, name: name, prefix: prefix}, nil
}

// first is the first text that is not empty.
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// String is the address.
func (b *Bucket) String() string { return Scheme + b.name + "/" + b.prefix }

// empty returns an error that wraps ErrOut where objects are there already.
func (b *Bucket) empty(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	switch o, some := <-b.client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true, MaxKeys: 1}); {
	case !some:
		return nil
	case o.Err != nil:
		return fmt.Errorf("export: %s: %w", b, o.Err)
	default:
		return fmt.Errorf("%w: %s has %s; name another, or empty it", ErrOut, b, o.Key)
	}
}

// object is an object under way. It is sent in parts, and has its name when all of them are there.
type object struct {
	io.Writer
	key  string
	in   *io.PipeWriter
	stop context.CancelFunc
	done chan error
}

func (b *Bucket) open(ctx context.Context, path string) (outlet, error) {
	key := b.prefix + filepath.ToSlash(path)
	out, in := io.Pipe()
	ctx, stop := context.WithCancel(ctx)
	o := &object{Writer: in, key: Scheme + b.name + "/" + key, in: in, stop: stop, done: make(chan error, 1)}
	go func() {
		_, err := b.client.PutObject(ctx, b.name, key, out, -1, minio.PutObjectOptions{PartSize: partBytes, DisableContentSha256: true})
		_ = out.CloseWithError(err) // who still writes is told
		o.done <- err
	}()
	return o, nil
}

func (o *object) commit() error {
	defer o.stop()
	_ = o.in.Close() // it has no error
	if err := <-o.done; err != nil {
		return fmt.Errorf("export: %s: %w", o.key, err)
	}
	return nil
}

// abandon ends the sending; the store drops the parts that it has.
func (o *object) abandon() {
	_ = o.in.CloseWithError(context.Canceled)
	<-o.done
	o.stop()
}
