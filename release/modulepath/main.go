// Command modulepath gives the module another path: in every go.mod, import, lint rule and
// page that has it. The path of a module that others import is the address of its
// repository, so "make module-path" runs once, when that address is known, and again if
// the repository moves.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "modulepath:", err)
		os.Exit(1)
	}
}

// run takes the folder of the checkout and the new path.
func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: modulepath FOLDER HOST/OWNER/NAME")
	}
	root, to := args[0], args[1]
	if err := module.CheckPath(to); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(root, "go.mod")) //nolint:gosec // the folder is the caller's
	if err != nil {
		return err
	}
	edits, err := newEdits(root, modfile.ModulePath(text), to)
	if err != nil {
		return err
	}
	return fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && skipped(entry.Name()) {
			return fs.SkipDir
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		return edits.apply(filepath.Join(root, name))
	})
}

// skipped folders hold nothing of the repository.
func skipped(folder string) bool {
	return folder == "node_modules" || folder == "bin" || strings.HasPrefix(folder, ".") && folder != "."
}

// edits replace the path of a module.
type edits struct {
	to string
	// packages finds paths of packages in Go and in pages. The program and folders of
	// systems have the same name, so only the folders of the repository count.
	packages *regexp.Regexp
	// words finds the path where it stands by itself or begins a word.
	words *regexp.Regexp
}

func newEdits(root, from, to string) (*edits, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, entry := range entries {
		if entry.IsDir() && !skipped(entry.Name()) {
			folders = append(folders, regexp.QuoteMeta(entry.Name()))
		}
	}
	quoted := regexp.QuoteMeta(from)
	return &edits{
		to:       to,
		packages: regexp.MustCompile(`(^|[^\w/.-])` + quoted + `(/(?:` + strings.Join(folders, "|") + `)\b)`),
		words:    regexp.MustCompile(`(?m)(^|\s)` + quoted + `(/|\s|$)`),
	}, nil
}

// apply edits a file in place.
func (e *edits) apply(file string) error {
	var pattern *regexp.Regexp
	switch base := filepath.Base(file); {
	case base == "go.mod", base == ".golangci.yml":
		pattern = e.words
	case path.Ext(base) == ".go", path.Ext(base) == ".md":
		pattern = e.packages
	default:
		return nil
	}
	text, err := os.ReadFile(file) //nolint:gosec // a file of that folder
	if err != nil || !pattern.Match(text) {
		return err
	}
	edited := pattern.ReplaceAll(text, []byte("${1}"+e.to+"${2}"))
	if filepath.Base(file) == "go.mod" {
		if edited, err = sorted(file, edited); err != nil {
			return err
		}
	}
	return os.WriteFile(file, edited, 0o644) //nolint:gosec // a source file
}

// sorted sorts the blocks of a go.mod, as the go command does.
func sorted(name string, text []byte) ([]byte, error) {
	parsed, err := modfile.Parse(name, text, nil)
	if err != nil {
		return nil, err
	}
	parsed.SortBlocks()
	parsed.Cleanup()
	return parsed.Format()
}
