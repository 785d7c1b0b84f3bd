package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
)

// entry is one path of a layer.
type entry struct {
	path   string // absolute, in the image
	source string // on this machine; empty: a folder that only leads to others
	mode   fs.FileMode
	link   string // target, of a symbolic link
}

// keepModes takes permissions as they are, for trees that were made to be an image.
func keepModes(info fs.FileInfo) fs.FileMode {
	return info.Mode() & (fs.ModeDir | fs.ModeSticky | 0o777)
}

// plainModes makes permissions independent of the umask of whoever checked the files out.
func plainModes(info fs.FileInfo) fs.FileMode {
	if info.IsDir() || info.Mode()&0o100 != 0 {
		return info.Mode()&fs.ModeDir | 0o755
	}
	return 0o644
}

// tree lists what is at a path of this machine as entries below a path of the image.
func tree(from, to string, modes func(fs.FileInfo) fs.FileMode) ([]entry, error) {
	var entries []entry
	err := filepath.WalkDir(from, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, file)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := entry{path: path.Join("/", to, filepath.ToSlash(relative)), source: file, mode: modes(info)}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			if e.link, err = os.Readlink(file); err != nil {
				return err
			}
		case !info.IsDir() && !info.Mode().IsRegular():
			return nil // devices and sockets have no place in an image
		}
		if e.path != "/" {
			entries = append(entries, e)
		}
		return nil
	})
	return entries, err
}

// pack makes a layer: sorted, owned by root, without times, the folders above its entries included.
// It is compressed once, right into the store's blobs.
func (s images) pack(entries []entry) (v1.Layer, error) {
	byPath := map[string]entry{}
	for _, e := range entries {
		for up := path.Dir(e.path); up != "/"; up = path.Dir(up) {
			if _, known := byPath[up]; !known {
				byPath[up] = entry{path: up, mode: fs.ModeDir | 0o755}
			}
		}
		byPath[e.path] = e
	}
	sorted := slices.SortedFunc(maps.Values(byPath), func(a, b entry) int {
		return strings.Compare(a.path, b.path)
	})
	blobs := filepath.Join(s.root, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(blobs, ".new-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	packed, plain := sha256.New(), sha256.New()
	zipped := gzip.NewWriter(io.MultiWriter(file, packed))
	if err := write(io.MultiWriter(zipped, plain), sorted); err != nil {
		return nil, err
	}
	if err := zipped.Close(); err != nil {
		return nil, err
	}
	l := layer{digest: hash(packed), diffID: hash(plain)}
	if l.size, err = file.Seek(0, io.SeekCurrent); err != nil {
		return nil, err
	}
	if err := file.Chmod(0o644); err != nil {
		return nil, err
	}
	l.path = s.blob(l.digest)
	return l, os.Rename(file.Name(), l.path)
}

// layer is a compressed layer in the store.
type layer struct {
	path           string
	digest, diffID v1.Hash
	size           int64
}

func (l layer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l layer) DiffID() (v1.Hash, error)            { return l.diffID, nil }
func (l layer) Size() (int64, error)                { return l.size, nil }
func (l layer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
func (l layer) Compressed() (io.ReadCloser, error)  { return os.Open(l.path) }
func (l layer) Uncompressed() (io.ReadCloser, error) {
	file, err := os.Open(l.path)
	if err != nil {
		return nil, err
	}
	reader, err := gzip.NewReader(file)
	if err != nil {
		file.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{reader, file}, nil
}

func hash(h interface{ Sum([]byte) []byte }) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
}

func write(out io.Writer, entries []entry) error {
	w := tar.NewWriter(out)
	for _, e := range entries {
		if err := writeEntry(w, e); err != nil {
			return err
		}
	}
	return w.Close()
}

func writeEntry(w *tar.Writer, e entry) error {
	header := &tar.Header{
		Name:    strings.TrimPrefix(e.path, "/"),
		Mode:    int64(e.mode.Perm()),
		ModTime: time.Unix(0, 0),
		Format:  tar.FormatPAX,
	}
	if e.mode&fs.ModeSticky != 0 {
		header.Mode |= 0o1000
	}
	switch {
	case e.link != "":
		header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, e.link, 0o777
		return w.WriteHeader(header)
	case e.mode.IsDir():
		header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
		return w.WriteHeader(header)
	}
	file, err := os.Open(e.source)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	header.Typeflag, header.Size = tar.TypeReg, info.Size()
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(w, file)
	return err
}
