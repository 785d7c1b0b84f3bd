package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// build makes the image that the last stage of a Containerfile describes. It runs nothing: a stage
// with RUN in it is given as a folder. So what ships (files, variables, user, entry point) is read
// from the one Containerfile, and only how its earlier stages came about is this machine's.
func (s images) build(containerfile, source string, given folders) (v1.Image, error) {
	stages, err := parse(containerfile)
	if err != nil {
		return nil, err
	}
	b := builder{images: s, source: source, given: given, stages: stages}
	return b.image(stages[len(stages)-1])
}

func parse(containerfile string) ([]instructions.Stage, error) {
	file, err := os.Open(containerfile)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	tree, err := parser.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", containerfile, err)
	}
	stages, _, err := instructions.Parse(tree.AST, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", containerfile, err)
	}
	return stages, nil
}

type builder struct {
	images
	source string
	given  folders
	stages []instructions.Stage
}

// base is what FROM names: a given folder, another stage, or nothing at all.
func (b builder) base(name string) (v1.Image, error) {
	if folder, ok := b.given[name]; ok {
		return b.rootfs(folder)
	}
	if name == "scratch" {
		return empty.Image, nil
	}
	if i, ok := instructions.HasStage(b.stages, name); ok {
		return b.image(b.stages[i])
	}
	return nil, fmt.Errorf("FROM %s: neither a stage nor given by --stage", name)
}

func (s images) rootfs(folder string) (v1.Image, error) {
	entries, err := tree(folder, "/", keepModes)
	if err != nil {
		return nil, err
	}
	layer, err := s.pack(entries)
	if err != nil {
		return nil, err
	}
	return assemble(empty.Image, []v1.Layer{layer}, v1.Config{})
}

func (b builder) image(stage instructions.Stage) (v1.Image, error) {
	base, err := b.base(stage.BaseName)
	if err != nil {
		return nil, err
	}
	file, err := base.ConfigFile()
	if err != nil {
		return nil, err
	}
	config := file.Config
	var layers []v1.Layer
	for _, command := range stage.Commands {
		switch c := command.(type) {
		case *instructions.CopyCommand:
			layer, err := b.copy(c)
			if err != nil {
				return nil, err
			}
			layers = append(layers, layer)
		case *instructions.EnvCommand:
			for _, kv := range c.Env {
				config.Env = set(config.Env, kv.Key, kv.Value)
			}
		case *instructions.LabelCommand:
			for _, kv := range c.Labels {
				if config.Labels == nil {
					config.Labels = map[string]string{}
				}
				config.Labels[kv.Key] = kv.Value
			}
		case *instructions.UserCommand:
			config.User = c.User
		case *instructions.WorkdirCommand:
			config.WorkingDir = c.Path
		case *instructions.EntrypointCommand:
			config.Entrypoint = c.CmdLine
		case *instructions.CmdCommand:
			config.Cmd = c.CmdLine
		default:
			return nil, fmt.Errorf("%s in stage %q: only its result can be used; give the stage as a folder",
				command.Name(), stage.Name)
		}
	}
	return assemble(base, layers, config)
}

// copy makes one layer of a COPY, from the context or from a given stage.
func (b builder) copy(c *instructions.CopyCommand) (v1.Layer, error) {
	from, modes := b.source, plainModes
	if c.From != "" {
		folder, ok := b.given[c.From]
		if !ok {
			return nil, fmt.Errorf("COPY --from=%s: give that stage by --stage", c.From)
		}
		from, modes = folder, keepModes
	}
	var all []entry
	for _, pattern := range c.SourcePaths {
		found, err := filepath.Glob(filepath.Join(from, pattern))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("COPY %s: nothing of that name", pattern)
		}
		slices.Sort(found)
		for _, file := range found {
			destination := c.DestPath
			info, err := os.Lstat(file)
			if err != nil {
				return nil, err
			}
			if !info.IsDir() && strings.HasSuffix(destination, "/") {
				destination = path.Join(destination, filepath.Base(file))
			}
			entries, err := tree(file, destination, modes)
			if err != nil {
				return nil, err
			}
			all = append(all, entries...)
		}
	}
	return b.pack(all)
}

// assemble puts layers on a base; its time is the epoch, so that the digest depends on content only.
func assemble(base v1.Image, layers []v1.Layer, config v1.Config) (v1.Image, error) {
	image, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(base, types.OCIManifestSchema1), types.OCIConfigJSON), layers...)
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", "amd64"
	file.Created = v1.Time{Time: time.Unix(0, 0).UTC()}
	for i := range file.History {
		file.History[i] = v1.History{Created: file.Created}
	}
	file.Config = config
	if len(file.Config.Env) == 0 {
		file.Config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	}
	return mutate.ConfigFile(image, file)
}

func set(env []string, key, value string) []string {
	kept := slices.DeleteFunc(slices.Clone(env), func(e string) bool {
		return strings.HasPrefix(e, key+"=")
	})
	return append(kept, key+"="+value)
}
