// Package managed has the AWS managed policies: those that AWS writes and every
// account can attach, such as AdministratorAccess.
//
// They are data, derived from what AWS's API answered (see NOTICE), and are
// packed into the binary: an index, and documents in small gzip members.
// Nothing is read before the first question. tools/policyimport makes the files.
package managed

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base32"
	"fmt"
	"hash/fnv"
	"io"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

var (
	//go:embed catalog.index
	packedIndex string
	//go:embed catalog.documents
	packedDocuments string
)

// Policy is an AWS managed policy. It is never changed.
type Policy struct {
	ID       string // the unique id, ANPA…
	Name     string
	Path     string // begins and ends with a slash
	Version  int    // the default version, the only one that is known
	Created  time.Time
	Updated  time.Time
	Document string // empty in what All gives
}

// Catalog gives the policies by name. Of the documents it keeps those that were
// asked for last: each slot holds one, so there is no lock and nothing to
// evict. One serves all goroutines; the zero value is ready.
type Catalog struct {
	index atomic.Pointer[[]listed] // by name in lower case
	slots [256]atomic.Pointer[Policy]
}

// listed is a line of the index: a policy, and where its document is.
type listed struct {
	Policy
	offset, length, line int
}

// Len is how many policies there are.
func (c *Catalog) Len() int { return len(c.all()) }

// At gives the policy with an index, in the order of names whatever their case,
// without its document.
func (c *Catalog) At(i int) *Policy { return &c.all()[i].Policy }

func (c *Catalog) all() []listed {
	if p := c.index.Load(); p != nil {
		return *p
	}
	var out []listed
	lines := bufio.NewScanner(expand(packedIndex))
	for lines.Scan() {
		out = append(out, parse(lines.Text()))
	}
	c.index.Store(&out)
	return out
}

// parse reads a line of the index.
func parse(line string) listed {
	f := strings.Split(line, "\t")
	number := func(i int) int {
		n, err := strconv.Atoi(strings.TrimPrefix(f[i], "v"))
		if err != nil {
			panic(fmt.Sprintf("managed: catalog.index: %q", line)) // built wrongly
		}
		return n
	}
	at := func(i int) time.Time { return time.Unix(int64(number(i)), 0).UTC() }
	return listed{
		Policy: Policy{ID: idOf(f[0]), Name: f[0], Path: f[1], Version: number(2), Created: at(3), Updated: at(4)},
		offset: number(5), length: number(6), line: number(7),
	}
}

// idOf is the unique id of a policy: the data has none, so it follows from the name.
func idOf(name string) string {
	const digits = 17
	sum := sha256.Sum256([]byte(name))
	return "ANPA" + base32.StdEncoding.EncodeToString(sum[:])[:digits]
}

// Find gives a policy with its document.
func (c *Catalog) Find(name string) (*Policy, bool) {
	h := fnv.New32a()
	h.Write([]byte(name))
	slot := &c.slots[h.Sum32()%uint32(len(c.slots))]
	if p := slot.Load(); p != nil && p.Name == name {
		return p, true
	}
	all := c.all()
	i := sort.Search(len(all), func(i int) bool { return strings.ToLower(all[i].Name) >= strings.ToLower(name) })
	if i == len(all) || all[i].Name != name {
		return nil, false
	}
	p := all[i].Policy
	p.Document = all[i].document()
	slot.Store(&p)
	return &p, true
}

// document reads the policy's document.
func (l *listed) document() string {
	lines := bufio.NewReader(expand(packedDocuments[l.offset : l.offset+l.length]))
	var text string
	for range l.line + 1 {
		line, err := lines.ReadString('\n')
		if err != nil {
			panic("managed: catalog.documents: " + err.Error()) // built wrongly
		}
		text = strings.TrimSuffix(line, "\n")
	}
	return text
}

func expand(packed string) io.Reader {
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		panic("managed: " + err.Error()) // built wrongly
	}
	return z
}
