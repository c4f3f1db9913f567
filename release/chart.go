package main

import (
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
)

// chartLine are the lines of Chart.yaml that a release sets.
var chartLine = regexp.MustCompile(`(?m)^(version|appVersion): .*$`)

// writeChart writes the Helm chart as "helm package" does, with the version of the
// release for itself and for the image.
func (r *release) writeChart() error {
	files, err := readFiles(filepath.Join(r.source, "charts"), program)
	if err != nil {
		return err
	}
	for i := range files {
		if files[i].name == path.Join(program, "Chart.yaml") {
			if files[i].content, err = r.versioned(files[i].content); err != nil {
				return err
			}
		}
	}
	return r.writeTarGz(program+"-"+r.chartVersion()+".tgz", files)
}

// versioned sets the versions in a Chart.yaml.
func (r *release) versioned(text []byte) ([]byte, error) {
	if n := len(chartLine.FindAll(text, -1)); n != 2 {
		return nil, fmt.Errorf("%d lines with a version in Chart.yaml, want 2", n)
	}
	return chartLine.ReplaceAllFunc(text, func(line []byte) []byte {
		if bytes.HasPrefix(line, []byte("appVersion")) {
			return []byte(`appVersion: "` + r.version + `"`)
		}
		return []byte("version: " + r.chartVersion())
	}), nil
}

// chartVersion is the version of the chart, which must be a semantic one.
func (r *release) chartVersion() string {
	if r.version == "dev" {
		return "0.0.0-dev"
	}
	return r.version
}
