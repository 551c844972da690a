package kernels

// The structs below are those of abi.cuh, field by field; their comments stand there. They hold nothing but numbers of 4
// and 8 bytes without padding, so that their bytes in memory are what a device reads.

// Op is one instruction of a program.
type Op struct {
	Code           int32
	Steps          int32
	In, Out        int32
	X, Xs          int32
	Y, Ys          int32
	Z, Zs          int32
	W, Ws, B       int32
	Taps, Dilation int32
	Act            int32
	Flags          int32
	A0, A1, A2     int32
}

// Codes of Op.
const (
	OpProduct     = 1
	OpActivate    = 2
	OpAdd         = 3
	OpLast        = 4
	OpFlatten     = 5
	OpNorm        = 6
	OpDropout     = 7
	OpBack        = 8
	OpMove        = 9
	OpScale       = 10
	OpCopy        = 11
	OpSpread      = 12
	OpUnflatten   = 13
	OpNormBack    = 14
	OpDropoutBack = 15
)

// Flags of Op.
const (
	FlagHold  = 1
	FlagAdd   = 2
	FlagSpare = 4
	FlagMove  = 8
	FlagOn    = 16
)

// Activations.
const (
	ActNone    = 0
	ActRelu    = 1
	ActTanh    = 2
	ActSigmoid = 3
	ActGelu    = 4
	ActSilu    = 5
)

// Losses.
const (
	LossMse     = 1
	LossMae     = 2
	LossHuber   = 3
	LossSoftmax = 4
	LossBinary  = 5
)

// Optimizers.
const (
	OptAdamw = 1
	OptSgd   = 2
)

// States of a run.
const (
	StatusRunning   = 0
	StatusCompleted = 1
	StatusStopped   = 2
	StatusDiverged  = 3
)

// Segment is a block of the parameters.
type Segment struct {
	At, Rows, Cols, Stride int32
	First                  int32
	Fan                    int32
	Matrix                 int32
}

// Program is a model with its batch, loss and optimizer.
type Program struct {
	Ops, Forward, Backward int32
	Segments, SegmentCount int32
	Size                   int32
	Parameters             int32
	Batch                  int32
	Steps, Channels        int32
	X, Xs                  int32
	Outputs, Y, Ys         int32
	Dy, Dys                int32
	Target, Values, Index  int32
	Gradient               int32
	Code                   int32
	Memory                 int32
	Scratch                int32
	Loss, Optimizer        int32
	Clip                   int32
}

// Individual is one training, or one set of predictions.
type Individual struct {
	State          Memory
	TrainX, TrainY Memory
	ValidX, ValidY Memory
	Rates          Memory
	Corrections    Memory
	Out            Memory

	Program                                                          uint32
	TrainRows, ValidRows                                             uint32
	Key0, Key1                                                       uint32
	MaxSteps, EvalEvery, Patience, Segment                           uint32
	MinDelta, ClipNorm, WeightDecay, Beta1, Beta2, Epsilon, Momentum float32
	StepsPerLaunch                                                   uint32
	Fresh                                                            uint32
	Step, Status, BestStep, Stale                                    uint32
	Best, Loss                                                       float32
	Validations                                                      uint32
	Spare                                                            uint32
}

// Memory is an address in a device's memory; 0 is none.
type Memory uint64

// Args is the one argument of every kernel.
type Args struct {
	Population, Queue, Next Memory
	Programs, Ops, Segments Memory
	Work                    Memory
	WorkStride              uint64
	Count                   uint32
	Spare                   uint32
}

// ProbeArgs is the one argument of probe_f32.
type ProbeArgs struct {
	Y, X         Memory
	N            uint64
	Probe, First uint32
}

// What probe_f32 computes.
const (
	ProbeAdd      = 1
	ProbeSub      = 2
	ProbeMul      = 3
	ProbeDiv      = 4
	ProbeSqrt     = 5
	ProbeFma      = 6
	ProbeExp      = 7
	ProbeLog      = 8
	ProbeTanh     = 9
	ProbeSigmoid  = 10
	ProbeSilu     = 11
	ProbeGelu     = 12
	ProbeSiluGrad = 13
	ProbeGeluGrad = 14
	ProbeRelu     = 15
	ProbeUniform  = 16
)

// Properties is what the engine must know of a device.
type Properties struct {
	Name string
	// Multiprocessors of the device.
	Multiprocessors int
	// SharedPerBlock is the most shared memory of a block, in bytes, after the opt-in that CUDA wants above 48 KB.
	SharedPerBlock int
	// MemoryBytes is all of the device's memory, FreeBytes what was free of it when the device was opened; 0: not told.
	MemoryBytes, FreeBytes int64
	// TimeOut says that the system ends kernels that take long, because the device has a display.
	TimeOut bool
}
