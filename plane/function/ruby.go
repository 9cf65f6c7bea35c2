package function

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"strings"
)

//go:embed bootstrap/bootstrap.rb
var rubyBootstrap string

const rubyFacts = `require 'rbconfig'; puts RUBY_VERSION, RbConfig.ruby, RbConfig::CONFIG['prefix'], RbConfig::CONFIG['ruby_version']`

func lookRuby(name string) (*found, error) {
	for _, program := range append([]string{name}, "ruby") {
		out, err := ask(program, "-e", rubyFacts)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if err != nil || len(lines) < 4 {
			continue
		}
		parts := strings.Split(lines[0], ".")
		version := "ruby" + parts[0] + "." + parts[1]
		f := &found{
			name: version, version: "ruby:" + strings.TrimPrefix(version, "ruby") + " (" + lines[0] + ")", path: lines[1],
			bin: filepath.Dir(lines[1]), prefix: lines[2], libraries: lines[3:4], bootstrap: rubyBootstrap, file: "bootstrap.rb",
		}
		return f.standIn(name), nil
	}
	return nil, fmt.Errorf("%w: no Ruby is installed: install version %s so that ruby is on the PATH", ErrUnsupported, strings.TrimPrefix(name, "ruby"))
}

// rubyPaths are where gems and libraries are: the code's own and layers', by the
// version of Ruby's interface for extensions.
//
// AWS: "Packaging your layer content", layer paths for each Lambda runtime.
func (f *found) rubyPaths(v map[string]string, asked, task, opt string) {
	var gems []string
	for _, abi := range unique(strings.TrimPrefix(asked, "ruby")+".0", f.libraries[0]) {
		gems = append(gems, task+"/vendor/bundle/ruby/"+abi, opt+"/ruby/gems/"+abi)
	}
	v["GEM_PATH"] = strings.Join(gems, ":")
	v["RUBYLIB"] = opt + "/ruby/lib"
}

// unique is a and b, or a alone when they are the same.
func unique(a, b string) []string {
	if a == b {
		return []string{a}
	}
	return []string{a, b}
}
