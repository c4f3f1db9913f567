package config

import (
	"maps"
	"os"
	"slices"

	"bedrock-extproc/translator/family"
)

// readFamilies puts the rules of the families file before the built-in ones, and
// reports models of families that do not exist.
func (d *decoder) readFamilies() {
	table, err := family.Builtin()
	if err != nil {
		d.problemAt(0, "", err.Error())
		return
	}
	if file := d.cfg.FamiliesFile; file != "" {
		const path = "bedrock_extproc.families_file"
		text, err := os.ReadFile(file)
		if err != nil {
			d.problem(path, "%v", err)
			return
		}
		own, err := family.Parse(text)
		if err != nil {
			for _, text := range yamlProblems(file, err) {
				d.problems = append(d.problems, problem{d.line(path), path, text})
			}
			return
		}
		table = own.Over(table)
	}
	d.cfg.Settings.Families = table
	names := make([]string, len(table.Families))
	for i := range table.Families {
		names[i] = table.Families[i].Name
	}
	for _, model := range slices.Sorted(maps.Keys(d.cfg.Settings.ModelFamilies)) {
		if name := d.cfg.Settings.ModelFamilies[model]; name != "" && table.Named(name) == nil {
			d.problem("bedrock_extproc.model_families."+model, "there is no family %q%s", name, suggest(name, names))
		}
	}
}
