package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A file is an entry of a tar archive.
type file struct {
	name    string // with slashes
	mode    int64
	content []byte
}

// shipped are the files and folders of the source in every archive: what a first run
// needs, and the pages that the README links to.
func shipped(source string) ([]string, error) {
	pages, err := filepath.Glob(filepath.Join(source, "*.md"))
	for i := range pages {
		pages[i] = filepath.Base(pages[i])
	}
	return append(pages, "LICENSE", "docs", "examples", "charts", "tests/fakebedrock/README.md"), err
}

// writeArchive writes the archive for a platform. All files are in one folder of its name.
func (r *release) writeArchive(platform string) error {
	binary, err := os.ReadFile(r.program(platform))
	if err != nil {
		return err
	}
	common, err := readFiles(filepath.Join(r.built, "common"), ".")
	if err != nil {
		return err
	}
	paths, err := shipped(r.source)
	if err != nil {
		return err
	}
	source, err := readFiles(r.source, paths...)
	if err != nil {
		return err
	}
	files := slices.Concat([]file{{program, 0o755, binary}}, common, source)
	for i := range files {
		files[i].name = path.Join(r.name(platform), files[i].name)
	}
	return r.writeTarGz(r.name(platform)+".tar.gz", files)
}

// writeTarGz writes a compressed archive.
func (r *release) writeTarGz(name string, files []file) error {
	return create(filepath.Join(r.out, name), func(w io.Writer) error {
		zipped, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		return errors.Join(writeTar(zipped, files, r.date), zipped.Close())
	})
}

// readFiles reads files and everything in folders. Names and paths are relative to root.
func readFiles(root string, paths ...string) ([]file, error) {
	var files []file
	tree := os.DirFS(root)
	for _, from := range paths {
		err := fs.WalkDir(tree, from, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			if !info.Mode().IsRegular() {
				return fmt.Errorf("%s is not a regular file", name)
			}
			content, err := fs.ReadFile(tree, name)
			files = append(files, file{name, plainMode(info.Mode()), content})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// plainMode is the mode without what depends on the machine.
func plainMode(mode fs.FileMode) int64 {
	if mode&0o100 != 0 {
		return 0o755
	}
	return 0o644
}

// writeTar writes files sorted by name, with the same time and without an owner.
func writeTar(w io.Writer, files []file, modified time.Time) error {
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	archive := tar.NewWriter(w)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), ModTime: modified, Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(f.content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// writeSums writes SHA256SUMS, in the format of sha256sum, for all other files of a folder.
func writeSums(folder string) error {
	const name = "SHA256SUMS"
	if err := os.Remove(filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	files, err := readFiles(folder, ".")
	if err != nil {
		return err
	}
	return create(filepath.Join(folder, name), func(w io.Writer) error {
		for _, f := range files {
			if _, err := fmt.Fprintf(w, "%x  %s\n", sha256.Sum256(f.content), f.name); err != nil {
				return err
			}
		}
		return nil
	})
}

// create writes a file.
func create(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
