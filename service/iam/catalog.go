package iam

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

// The AWS managed policies, as tools/policyimport wrote them.
var (
	//go:embed catalog.index
	catalogIndex string
	//go:embed catalog.documents
	catalogDocuments string
)

// catalog gives the AWS managed policies by name. Nothing is read before the
// first question. Then the index stays, and of the documents those that were
// asked for last: each slot holds one, so there is no lock and nothing to evict.
type catalog struct {
	index atomic.Pointer[[]listed] // by name in lower case
	slots [256]atomic.Pointer[managed]
}

// listed is a line of the index: a policy, and where its document is.
type listed struct {
	managed
	offset, length, line int
}

// ownerAWS is where an ARN has an account.
const ownerAWS = "aws"

// all are the policies by name, without documents.
func (c *catalog) all() []listed {
	if p := c.index.Load(); p != nil {
		return *p
	}
	var out []listed
	lines := bufio.NewScanner(expand(catalogIndex))
	for lines.Scan() {
		out = append(out, parseListed(lines.Text()))
	}
	c.index.Store(&out)
	return out
}

func parseListed(line string) listed {
	f := strings.Split(line, "\t")
	number := func(i int) int {
		n, err := strconv.Atoi(strings.TrimPrefix(f[i], "v"))
		if err != nil {
			panic(fmt.Sprintf("iam: catalog.index: %q", line)) // built wrongly
		}
		return n
	}
	m := managed{
		entity: entity{ID: catalogID(f[0]), Name: f[0], Path: f[1], Created: time.Unix(int64(number(3)), 0).UTC()},
		AWS:    true, Default: number(2), Newest: number(2), Updated: time.Unix(int64(number(4)), 0).UTC(),
	}
	return listed{managed: m, offset: number(5), length: number(6), line: number(7)}
}

// catalogID is the unique id of an AWS managed policy: the capture has none, so
// it follows from the name.
func catalogID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return prefixPolicy + base32.StdEncoding.EncodeToString(sum[:])[:idLength]
}

// find gives a policy with its document. The result is shared: copy before changing.
func (c *catalog) find(name string) (*managed, bool) {
	h := fnv.New32a()
	h.Write([]byte(name))
	slot := &c.slots[h.Sum32()%uint32(len(c.slots))]
	if m := slot.Load(); m != nil && m.Name == name {
		return m, true
	}
	all := c.all()
	i := sort.Search(len(all), func(i int) bool { return fold(all[i].Name) >= fold(name) })
	if i == len(all) || all[i].Name != name {
		return nil, false
	}
	m := all[i].managed
	m.Document = all[i].document()
	slot.Store(&m)
	return &m, true
}

// document reads the policy's document.
func (l *listed) document() string {
	lines := bufio.NewReader(expand(catalogDocuments[l.offset : l.offset+l.length]))
	var text string
	for range l.line + 1 {
		line, err := lines.ReadString('\n')
		if err != nil {
			panic("iam: catalog.documents: " + err.Error()) // built wrongly
		}
		text = strings.TrimSuffix(line, "\n")
	}
	return text
}

func expand(packed string) io.Reader {
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		panic("iam: catalog: " + err.Error()) // built wrongly
	}
	return z
}
