// Package portfolio gives the trials of one search to several searches of the same space, its arms, most of them to the one that
// pays. A [Portfolio] is a [ga.Engine] like each arm.
//
// A generation belongs to one arm, whose generation it is; the arms share nothing but immigrants. Which one is next is drawn while
// the trials before it are still under way, by what has been told until then.
//
// The first generations go to the arms in turn. Then the credit of an arm is the best fitness that it is forecast to have at the
// nearest common point of the future, the generation after the one that the busiest arm has reached, as Yuen, Chow, Zhang and Lou
// have it, "Which algorithm should I choose: An evolutionary algorithm portfolio approach" (Applied Soft Computing 40, 2016): an arm
// that has had little is compared by what it would have reached with as much. They extrapolate lines; here the gain of each
// further doubling of an arm's generations is that of the last doubling times the ratio of the last two gains, at most 1, because
// curves of searches are nearer to lines over the logarithm of their length. The chances of the arms follow the credit by adaptive
// pursuit, Thierens, "An adaptive pursuit strategy for allocating operator probabilities" (GECCO 2005): that of the arm with the
// greatest credit moves towards a most, those of the others towards a least, so that no arm is ever given up.
//
// Credit compares single scores. Where a seed has an influence, an arm that tries recipes with one seed looks a little better than
// it is, like each of its scores.
//
// Deliberately absent: which searches the arms are, and a genome that one arm has found in another one.
package portfolio
