package olap

import (
	"strconv"

	"doin.network/node/internal/canon"
)

// Trial is a row of fact_trial: one training that a search asked for and was told the result of.
type Trial struct {
	ID           string   `json:"trial_id" olap:"8,key" doc:"first 16 digits of the experiment's id, '-', ten digits of the number: they sort by number"`
	ExperimentID string   `json:"experiment_id" olap:"8,notnull,ref=dim_experiment" doc:"the experiment it belongs to"`
	DomainID     string   `json:"domain_id" olap:"8,notnull" doc:"the domain of the experiment"`
	RunID        string   `json:"run_id,omitempty" olap:"8" doc:"the run, of dim_run"`
	Number       int64    `json:"trial_number" olap:"8,notnull" doc:"from 0, over the experiment"`
	Generation   int64    `json:"generation" olap:"8,notnull" doc:"the generation that it was told in"`
	Timestamp    string   `json:"timestamp_utc" olap:"8,notnull,time" doc:"when its generation's record came"`
	Status       string   `json:"status" olap:"8,notnull" doc:"completed, stopped (at a limit of epochs), diverged or failed"`
	Origin       string   `json:"origin" olap:"8,notnull" doc:"random, crossover, mutation, retrain (an individual again, with another seed) or program (a search of its own)"`
	Operator     string   `json:"operator,omitempty" olap:"8" doc:"what made it within its origin: blend+mutate, restart and so on"`
	Parents      JSON     `json:"parents,omitempty" olap:"8" doc:"list of the trial_ids that it comes from; of a retrain whom it trains again"`
	Island       string   `json:"island,omitempty" olap:"8" doc:"full peer id of the node that searches; of several searches in its worker all but the first add # and their number"`
	Rung         int64    `json:"rung" olap:"8,default=0" doc:"0 for whole trainings, r for one paused after 3^r epochs"`
	Seed         *uint64  `json:"seed,omitempty" olap:"8" doc:"of the training, decimal"`
	Seeds        int64    `json:"seeds" olap:"8,default=1" doc:"how many seeds the individual was trained with, this one included"`
	Score        *float64 `json:"score,omitempty" olap:"8" doc:"what the training scored, in the direction of performance; NULL if it failed"`
	Expected     *float64 `json:"expected,omitempty" olap:"8" doc:"what the search expected of the individual at the end of the generation"`
	ScoreError   *float64 `json:"score_error,omitempty" olap:"8" doc:"standard deviation of expected; NULL in a search with one seed each"`
	Validation   *float64 `json:"validation,omitempty" olap:"8" doc:"error on the validation part, in the domain's metric"`
	Test         *float64 `json:"test,omitempty" olap:"8" doc:"error on the test part; NULL where trials are not tested"`
	Metrics      JSON     `json:"metrics,omitempty" olap:"8" doc:"what the training reported, keys sorted"`
	Parameters   JSON     `json:"parameters,omitempty" olap:"8" doc:"the recipe"`
	Seconds      *float64 `json:"seconds,omitempty" olap:"8" doc:"that the training took, waiting for a place not counted"`
	Device       string   `json:"device,omitempty" olap:"8" doc:"what trained it: the processor or the model of the card"`
	Digest       string   `json:"digest,omitempty" olap:"8" doc:"SHA-256 of the training's result, where the worker tells it"`

	// Curve is what fact_curve holds of it, at most MaxCurve points.
	Curve []Point `json:"curve,omitempty" olap:"-"`
}

// Param is a row of fact_param: one value of a trial's recipe. A value that is no number, text or boolean has a row for each
// of its scalars, named by their path: units.0, layers.1.kind.
type Param struct {
	TrialID string   `json:"trial_id" olap:"8,key,ref=fact_trial" doc:"the trial"`
	Name    string   `json:"name" olap:"8,key" doc:"of the parameter; members of lists and objects by their path, units.0"`
	Kind    string   `json:"kind" olap:"8,notnull" doc:"real, integer, boolean, text or null"`
	Real    *float64 `json:"value_real,omitempty" olap:"8" doc:"a number; a boolean as 0 or 1"`
	Text    *string  `json:"value_text,omitempty" olap:"8" doc:"a text; of an integer beyond 64 bits its digits"`
}

// MaxCurve bounds the points of a learning curve. Of the validations 1, 2, 3, … of a training those are kept whose number is a
// multiple of k, the smallest power of two with which no more are left. Graphics cards keep no losses: their trials have none.
const MaxCurve = 64

// Curve is a row of fact_curve: a point of a trial's learning curve.
type Curve struct {
	TrialID string `json:"trial_id" olap:"8,key,ref=fact_trial" doc:"the trial"`
	Point
}

// Point is where a training stood after a step.
type Point struct {
	Step       int64    `json:"step" olap:"8,key" doc:"optimizer steps since the start of the training on the first fold"`
	Train      *float64 `json:"train_loss,omitempty" olap:"8" doc:"loss of the batch of that step"`
	Validation *float64 `json:"validation_loss,omitempty" olap:"8" doc:"loss on the validation part after it"`
}

// Generation is a row of fact_generation: what a search was told between two records, and its population at the second.
type Generation struct {
	ID             string   `json:"generation_id" olap:"8,key" doc:"first 16 digits of the experiment's id, '-g', ten digits of the round"`
	ExperimentID   string   `json:"experiment_id" olap:"8,notnull,ref=dim_experiment" doc:"the experiment it belongs to"`
	DomainID       string   `json:"domain_id" olap:"8,notnull" doc:"the domain of the experiment"`
	RunID          string   `json:"run_id,omitempty" olap:"8" doc:"the run, of dim_run"`
	RoundNumber    int64    `json:"round_number" olap:"8,notnull" doc:"the round that ends with it"`
	Number         int64    `json:"generation" olap:"8,notnull" doc:"the search's number of it, from 0"`
	Timestamp      string   `json:"timestamp_utc" olap:"8,notnull,time" doc:"when its record came"`
	Population     int64    `json:"population" olap:"8,default=0" doc:"individuals at its end"`
	Best           *float64 `json:"best,omitempty" olap:"8" doc:"best of the search so far, as it expects it"`
	Mean           *float64 `json:"mean,omitempty" olap:"8" doc:"of the population's scores that are numbers"`
	Deviation      *float64 `json:"deviation,omitempty" olap:"8" doc:"standard deviation of these"`
	Diversity      *float64 `json:"diversity,omitempty" olap:"8" doc:"mean over genes of the standard deviation across the population over the gene's range in it; 0: all alike"`
	Seconds        float64  `json:"seconds" olap:"8" doc:"since the record before"`
	Busy           *float64 `json:"busy,omitempty" olap:"8" doc:"seconds of its trainings over seconds times places; NULL where trainings are not timed"`
	TrialsMade     int64    `json:"trials_made" olap:"8,default=0" doc:"trainings told in it"`
	TrialsRecorded int64    `json:"trials_recorded" olap:"8,default=0" doc:"of them with a row in fact_trial; fewer where they come faster than olap_trials_per_second"`
	TrialsFailed   int64    `json:"trials_failed" olap:"8,default=0" doc:"of those made, without a score"`
	Immigrants     int64    `json:"immigrants" olap:"8,default=0" doc:"individuals of the population that came from other nodes"`
	NoImprove      int64    `json:"no_improve" olap:"8,default=0" doc:"generations since the best last rose"`
	Plateau        bool     `json:"plateau" olap:"8,default=FALSE" doc:"whether what may still be gained is below the noise"`

	// Trials are those of the generation that are recorded.
	Trials []Trial `json:"trials,omitempty" olap:"-"`
}

// Migration is a row of fact_migration: a champion of another node on its way into a search. The row of one that was let in
// replaces that of its arrival.
type Migration struct {
	ID           string   `json:"migration_id" olap:"8,key" doc:"32 hexadecimal digits, a function of experiment and optimae"`
	ExperimentID string   `json:"experiment_id" olap:"8,notnull,ref=dim_experiment" doc:"the experiment that it came to"`
	DomainID     string   `json:"domain_id" olap:"8,notnull" doc:"the domain of the experiment"`
	Timestamp    string   `json:"timestamp_utc" olap:"8,notnull,time" doc:"when the search decided"`
	From         string   `json:"from_node" olap:"8,notnull" doc:"full peer id of whose champion it is"`
	To           string   `json:"to_node" olap:"8,notnull" doc:"full peer id of the node that searches"`
	OptimaeID    string   `json:"optimae_id,omitempty" olap:"8" doc:"its claim"`
	Parameters   JSON     `json:"parameters,omitempty" olap:"8" doc:"the recipe"`
	Performance  *float64 `json:"performance,omitempty" olap:"8" doc:"as it was verified"`
	Accepted     bool     `json:"accepted" olap:"8" doc:"whether it was let in at the next breeding"`
	Reason       string   `json:"reason,omitempty" olap:"8" doc:"why not"`
	RoundNumber  int64    `json:"round_number" olap:"8,notnull" doc:"the round in which it came"`
	Generation   int64    `json:"generation" olap:"8" doc:"the search's generation then"`
}

// maxParams bounds the rows of a trial in fact_param.
const maxParams = 1024

// ParamsOf returns the rows of fact_param of a trial, in the order of its recipe: of what is under "genome" where the recipe has
// such an object, else of all of it. Recipes of more than maxParams values have no more rows; one that cannot be read has none.
func ParamsOf(t *Trial) (out []Param) {
	recipe, err := canon.ParseObject([]byte(t.Parameters))
	if err != nil {
		return nil
	}
	if genes, err := recipe.Object("genome"); err == nil {
		recipe = genes
	}
	for name, v := range recipe.All() {
		out = appendParam(out, t.ID, name, v)
	}
	return out[:min(len(out), maxParams)]
}

func appendParam(out []Param, trial, name string, v any) []Param {
	p := Param{TrialID: trial, Name: name}
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			out = appendParam(out, trial, name+"."+strconv.Itoa(i), e)
		}
		return out
	case *canon.Object:
		for key, e := range v.All() {
			out = appendParam(out, trial, name+"."+key, e)
		}
		return out
	case bool:
		p.Kind, p.Real = "boolean", Float(0)
		if v {
			p.Real = Float(1)
		}
	case int64:
		p.Kind, p.Real = "integer", Float(float64(v))
	case float64:
		p.Kind, p.Real = "real", Float(v)
	case string:
		p.Kind, p.Text = "text", &v
	case nil:
		p.Kind = "null"
	default: // an integer beyond 64 bits
		text := string(canon.Default(v))
		p.Kind, p.Text = "integer", &text
	}
	return append(out, p)
}
