// Command release makes the files of a release out of programs that "make release" has
// built: an archive and a list of modules for each platform, a container image for Linux,
// and their checksums. Equal sources and an equal version of Go give equal bytes.
//
// It is a module of its own, so that the libraries for images and lists of modules stay out
// of the program's go.mod.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// A release is what the files are made of.
type release struct {
	// version has no "v" in front: 0.1.0.
	version string
	// commit is the hash of the source, and date the time at which it was committed. Every file in an
	// archive or image has this time.
	commit string
	date   time.Time
	// source is the folder of the checkout.
	source string
	// built has a folder for each platform with its program, and the folder "common" with
	// the manual page and the completions.
	built string
	// out is the folder that the files are written to.
	out string
	// platforms are those of Go, such as linux_amd64.
	platforms []string
}

// run writes the release, or with -sbom only the list of modules of a program.
func run(args []string) error {
	var r release
	var date, listed string
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.StringVar(&r.version, "version", "dev", "`version` without a v in front")
	flags.StringVar(&r.commit, "commit", "", "`hash` of the commit")
	flags.StringVar(&date, "date", "", "`time` of the commit (RFC 3339), the time of every file")
	flags.StringVar(&r.source, "source", "..", "`folder` of the checkout")
	flags.StringVar(&r.built, "built", "", "`folder` of the built programs")
	flags.StringVar(&r.out, "out", "", "`folder` to write to")
	flags.StringVar(&listed, "sbom", "", "only list the modules of this `program`, in the file of -out")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if strings.HasPrefix(r.version, "v") {
		return fmt.Errorf("version %s: leave out the v", r.version)
	}
	var err error
	if r.date, err = time.Parse(time.RFC3339, cmp.Or(date, "1980-01-01T00:00:00Z")); err != nil {
		return err
	}
	r.date = r.date.UTC()
	if listed != "" {
		return r.writeSBOM(listed, r.out)
	}
	if r.platforms = flags.Args(); len(r.platforms) == 0 {
		return errors.New("no platforms, such as linux_amd64")
	}
	return r.write()
}

// write writes everything. The checksums come last: a release without them is incomplete.
func (r *release) write() error {
	for _, platform := range r.platforms {
		if err := r.writeArchive(platform); err != nil {
			return fmt.Errorf("archive for %s: %w", platform, err)
		}
		if err := r.writeSBOM(r.program(platform), filepath.Join(r.out, r.name(platform)+".cdx.json")); err != nil {
			return fmt.Errorf("modules of %s: %w", platform, err)
		}
	}
	if err := r.writeChart(); err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	if err := r.writeImage(); err != nil {
		return fmt.Errorf("image: %w", err)
	}
	return writeSums(r.out)
}

// name is the name of a release's file, up to its extension.
func (r *release) name(part string) string {
	return strings.Join([]string{program, r.version, part}, "_")
}

// program is the built program for a platform.
func (r *release) program(platform string) string {
	return filepath.Join(r.built, platform, program)
}

// program is the name of the program.
const program = "bedrock-extproc"
