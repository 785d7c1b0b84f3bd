// Command images makes container images without a container engine, and serves them.
//
//	images build --store DIR --name NAME[:TAG] --context DIR [--stage NAME=DIR].. CONTAINERFILE
//	images file  --store DIR --name NAME[:TAG] FILE PATH-IN-IMAGE
//	images serve --store DIR --addr HOST:PORT
//	images save  --store DIR --name NAME[:TAG] FILE
//
// build and file print the image's reference by digest. The same input gives the same digest.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: images build|file|serve|save OPTIONS"))
	}
	command := os.Args[1]
	flags := flag.NewFlagSet(command, flag.ExitOnError)
	store := flags.String("store", "", "folder that holds the images")
	name := flags.String("name", "", "NAME[:TAG] of the image")
	addr := flags.String("addr", "127.0.0.1:5000", "address to serve at")
	source := flags.String("context", ".", "folder that COPY takes from")
	stages := folders{}
	flags.Var(stages, "stage", "NAME=DIR: what the stage NAME of the Containerfile holds")
	fail(flags.Parse(os.Args[2:]))
	s := images{*store}
	switch command {
	case "build":
		fail(s.add(*name, func() (v1.Image, error) {
			return s.build(flags.Arg(0), *source, stages)
		}))
	case "file":
		fail(s.add(*name, func() (v1.Image, error) { return s.program(flags.Arg(0), flags.Arg(1)) }))
	case "save":
		fail(s.save(*name, flags.Arg(0)))
	case "serve":
		fail(http.ListenAndServe(*addr, s))
	default:
		fail(fmt.Errorf("unknown command %q", command))
	}
}

// program is an image that holds one executable and starts it.
func (s images) program(file, destination string) (v1.Image, error) {
	layer, err := s.pack([]entry{{path: path.Clean("/" + destination), source: file, mode: 0o755}})
	if err != nil {
		return nil, err
	}
	return assemble(empty.Image, []v1.Layer{layer}, v1.Config{Entrypoint: []string{destination}})
}

type folders map[string]string

func (f folders) String() string { return fmt.Sprint(map[string]string(f)) }

func (f folders) Set(text string) error {
	name, folder, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("%q is not NAME=DIR", text)
	}
	f[name] = folder
	return nil
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}
