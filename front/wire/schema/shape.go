package schema

import "regexp"

// Kind is a shape's type.
type Kind uint8

// The kinds of shape. Document is any JSON value.
const (
	Structure Kind = iota
	List
	Map
	String
	Boolean
	Byte
	Short
	Integer
	Long
	Float
	Double
	Timestamp
	Blob
	Document
)

var kinds = [...]string{
	"structure", "list", "map", "string", "boolean", "byte", "short", "integer", "long", "float", "double", "timestamp", "blob", "document",
}

// String returns the name that the models use.
func (k Kind) String() string { return kinds[k] }

// Scalar reports whether a value of the kind is one text, without parts.
func (k Kind) Scalar() bool { return k > Map && k != Document }

// Location is where a member of a REST operation travels.
type Location uint8

// The locations. InBody is the default.
const (
	InBody Location = iota
	InHeader
	InHeaders // every header with a prefix, as a map
	InURI
	InQuery
	InStatus
)

// TimeFormat is how a timestamp is written.
type TimeFormat uint8

// The timestamp formats. DefaultTime is the protocol's own for the place.
const (
	DefaultTime TimeFormat = iota
	ISO8601
	HTTPDate
	Epoch
	ISO8601Milli // always with three digits behind the seconds; no model names it
)

// Namespace is an XML namespace declaration.
type Namespace struct{ URI, Prefix string }

// Shape is a type of the model.
type Shape struct {
	Name    string
	Kind    Kind
	Members []Member // of a structure, in the model's order
	Key     Member   // of a map
	Elem    Member   // of a list, or the values of a map

	Payload     *Member // the member that is the whole body
	Flattened   bool
	Sparse      bool
	Wrapped     bool
	XMLName     string
	Namespace   Namespace
	Time        TimeFormat
	Streaming   bool
	EventStream bool
	Event       bool
	Union       bool

	Enum    []string
	HasMin  bool
	HasMax  bool
	Min     float64
	Max     float64
	Pattern *regexp.Regexp // nil when there is none, or Go cannot express it

	Exception bool
	Receiver  bool   // an exception that is the service's fault
	Code      string // an exception's code, where it is not the shape's name
	QueryCode string // the code in the Query protocol that the service had before
	Status    int    // an exception's HTTP status
}

// Member is a structure's member, a list's element, or a map's key or value.
type Member struct {
	Name      string
	Shape     *Shape
	Required  bool
	Location  Location
	Wire      string // name on the wire, where it is not Name
	QueryName string // name in the ec2 protocol's requests
	Flattened bool
	Attribute bool
	Namespace Namespace
	Time      TimeFormat
	Streaming bool
	Token     bool
	JSON      bool // a JSON value in a header
	Payload   bool // an event's payload
	Header    bool // an event's header
}

// WireName is the member's name on the wire.
func (m *Member) WireName() string {
	if m.Wire != "" {
		return m.Wire
	}
	return m.Name
}

// TimeFormat is the member's timestamp format, or its shape's.
func (m *Member) TimeFormat() TimeFormat {
	if m.Time != DefaultTime {
		return m.Time
	}
	return m.Shape.Time
}

// Flat reports whether the member's list or map has no element around it.
func (m *Member) Flat() bool { return m.Flattened || m.Shape.Flattened }

// IsStream reports whether the member is a stream of bytes that is not held in memory.
func (m *Member) IsStream() bool { return m.Streaming || m.Shape.Streaming }

// ErrorCode is the code that an exception has on the wire.
func (s *Shape) ErrorCode() string {
	if s.Code != "" {
		return s.Code
	}
	return s.Name
}
