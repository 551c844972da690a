package sass

import "testing"

const listing = `
.text.k:
        /*0000*/                   MOV R1, c[0x0][0x28] ;
        /*0010*/                   LDG.E R4, [R2.64] ;
.L_x_0:
        /*0020*/                   FFMA R7, -R5, R0, 1 ;
        /*0030*/                   LDS.128 R8, [R2] ;
        /*0040*/               @P1 BRA ` + "`(.L_x_0)" + ` ;
        /*0050*/              @!P0 BRA ` + "`(.L_x_1)" + ` ;
        /*0060*/                   MOV R0, 0x100 ;
        /*0070*/                   CALL.REL.NOINC ` + "`($k$slow)" + ` ;
.L_x_1:
        /*0080*/                   STG.E [R2.64], R7 ;
        /*0090*/                   EXIT ;
$k$slow:
        /*00a0*/                   RET.REL.NODEC R4 0x0 ;
.L_x_2:
        /*00b0*/                   BRA ` + "`(.L_x_2)" + ` ;
.text.l:
        /*0000*/                   EXIT ;
`

func TestListing(t *testing.T) {
	kernels := parse(listing)
	k := kernels["k"]
	if len(kernels) != 2 || len(k) != 12 || len(kernels["l"]) != 1 {
		t.Fatalf("parse = %v", kernels)
	}
	if k[4].Target != 0x20 || !k[4].Guarded || k[7].Target != 0xa0 || k[3].Op != "LDS.128" || k[0].Target != -1 {
		t.Errorf("parse = %+v", k)
	}
	// The call of the slow path and what makes it ready are not on the fast one.
	if got := FastPath(k); got != 8 {
		t.Errorf("FastPath = %d, want 8", got)
	}
	want := Loop{Instructions: 3, FMA: 1, Loads: 1, Address: 0x20}
	if got := Loops(k); len(got) != 1 || got[0] != want {
		t.Errorf("Loops = %+v, want %+v", got, want)
	}
}
