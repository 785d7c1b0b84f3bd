package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// images is a folder of images: blobs by digest (manifests among them), and a file per name that
// holds a digest. It answers pulls right from there, so that there is nothing to push: an image
// that is built while the server runs can be pulled at once.
type images struct{ root string }

var (
	reference = regexp.MustCompile(`^[a-z0-9]+(?:[._/-][a-z0-9]+)*(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$`)
	pull      = regexp.MustCompile(`^/v2/([a-z0-9]+(?:[._/-][a-z0-9]+)*)/(manifests|blobs)/([A-Za-z0-9_][A-Za-z0-9:._-]*)$`)
)

func (s images) blob(digest v1.Hash) string {
	return filepath.Join(s.root, "blobs", digest.Algorithm, digest.Hex)
}

func (s images) named(repository, tag string) string {
	return filepath.Join(s.root, "names", filepath.FromSlash(repository), "tags", tag)
}

// add builds an image, keeps it under its name, and prints NAME@DIGEST.
func (s images) add(text string, make func() (v1.Image, error)) error {
	if !reference.MatchString(text) {
		return fmt.Errorf("--name %q: NAME or NAME:TAG, in lower case", text)
	}
	repository, tag, tagged := strings.Cut(text, ":")
	if !tagged {
		tag = "latest"
	}
	image, err := make()
	if err != nil {
		return err
	}
	digest, err := s.keep(image)
	if err != nil {
		return err
	}
	if err := replace(s.named(repository, tag), strings.NewReader(digest.String())); err != nil {
		return err
	}
	fmt.Printf("%s@%s\n", repository, digest)
	return nil
}

// keep writes the blobs of an image that are not there yet.
func (s images) keep(image v1.Image) (v1.Hash, error) {
	// the layout does the writing; its index, which lists every image ever added, is not used
	path, err := layout.FromPath(s.root)
	if err != nil {
		if err := os.MkdirAll(s.root, 0o755); err != nil {
			return v1.Hash{}, err
		}
		path = layout.Path(s.root)
	}
	if err := path.WriteImage(image); err != nil {
		return v1.Hash{}, err
	}
	return image.Digest()
}

// save writes an image as a tarball that `docker load` and `ctr images import` take.
func (s images) save(text, file string) error {
	repository, tag, tagged := strings.Cut(text, ":")
	if !tagged {
		tag = "latest"
	}
	digest, err := s.digest(repository, tag)
	if err != nil {
		return err
	}
	index, err := layout.Path(s.root).Image(digest)
	if err != nil {
		return err
	}
	ref, err := name.NewTag(repository + ":" + tag)
	if err != nil {
		return err
	}
	return tarball.WriteToFile(file, ref, index)
}

func (s images) digest(repository, reference string) (v1.Hash, error) {
	if strings.Contains(reference, ":") {
		return v1.NewHash(reference)
	}
	text, err := os.ReadFile(s.named(repository, reference))
	if err != nil {
		return v1.Hash{}, err
	}
	return v1.NewHash(string(text))
}

// ServeHTTP answers the pull half of the OCI distribution protocol.
func (s images) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED")
		return
	}
	if r.URL.Path == "/v2/" || r.URL.Path == "/v2" {
		w.WriteHeader(http.StatusOK)
		return
	}
	parts := pull.FindStringSubmatch(r.URL.Path)
	if parts == nil {
		refuse(w, http.StatusNotFound, "NAME_UNKNOWN")
		return
	}
	digest, err := s.digest(parts[1], parts[3])
	if err != nil {
		refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN")
		return
	}
	file, err := os.Open(s.blob(digest))
	if err != nil {
		refuse(w, http.StatusNotFound, "BLOB_UNKNOWN")
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		refuse(w, http.StatusInternalServerError, "UNKNOWN")
		return
	}
	w.Header().Set("Docker-Content-Digest", digest.String())
	w.Header().Set("Content-Type", "application/octet-stream")
	if parts[2] == "manifests" {
		w.Header().Set("Content-Type", mediaType(file))
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			refuse(w, http.StatusInternalServerError, "UNKNOWN")
			return
		}
	}
	http.ServeContent(w, r, "", info.ModTime(), file)
}

func mediaType(manifest io.Reader) string {
	var typed struct {
		MediaType string `json:"mediaType"`
	}
	if json.NewDecoder(manifest).Decode(&typed) != nil || typed.MediaType == "" {
		return string(types.OCIManifestSchema1)
	}
	return typed.MediaType
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errors":[{"code":%q}]}`+"\n", code)
}

// replace writes a file by rename: readers see the old text or the new one.
func replace(file string, content io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := io.Copy(tmp, content); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}
