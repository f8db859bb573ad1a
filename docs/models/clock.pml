/* The clock of one lead: acceptance, firing, reassignment and claim, with hints that are lost, doubled, late and early.

   A custody is a number (the epoch); each has two steps, 0 marks and 1 moves. Odd custodies are those of a queue: their
   mark tells the queue's owner, they have no move, and a rep may claim the lead. A hint names nothing but the lead.
   A transaction is an `atomic` block; a step is a row with what became of it.

   What must hold: once, safe, one_custody, live. What must break, each a build with -D:
     CHECK_THEN_ACT  a firing looks in one transaction and acts in another          -> once
     NO_FENCE        a firing does not ask whether the step's ladder still runs      -> safe
     NO_DUE          a firing trusts the hint about the time                         -> safe
     SPLIT_MOVE      the new custody starts before the old one has ended             -> one_custody
     NO_KEEPER       nobody fires but countdowns                                     -> live */

#ifndef NA
#define NA 2                    /* moves that may happen; custodies are 0 .. NA */
#endif
#define CUSTODIES (NA + 1)
#define ROWS (2 * CUSTODIES)
#define ROW(epoch, step) (2 * (epoch) + (step))
#define IS_QUEUE(epoch) ((epoch) % 2 == 1)

byte epoch = 0;                 /* the custody that runs */
byte holders = 1;               /* custodies that have not ended */
bool accepted = false;
bool due[ROWS], fired[ROWS], cancelled[ROWS];
byte effects[ROWS];             /* how often a step took effect: the ledger that the code does not read */
bool early = false, stale = false;

chan hints = [2] of { byte };

/* Lost, delivered once, or doubled; a full channel loses it as well. Late and early come of nobody waiting for `due`. */
inline publish(e) {
    if
    :: skip
    :: nfull(hints) -> hints!e
    :: nfull(hints) -> hints!e; if :: nfull(hints) -> hints!e :: full(hints) -> skip fi
    fi
}

inline next_custody() {
    cancelled[ROW(epoch, 0)] = !fired[ROW(epoch, 0)];
    cancelled[ROW(epoch, 1)] = !fired[ROW(epoch, 1)];
    epoch++
}

/* What a step does; the caller has locked the lead. */
inline effect(e, s) {
    fired[ROW(e, s)] = true;
    effects[ROW(e, s)]++;
    early = early || !due[ROW(e, s)];
    stale = stale || accepted || epoch != e || cancelled[ROW(e, s)];
    if
    :: s == 1 && epoch < NA -> next_custody()
    :: else -> skip
    fi
}

#ifdef NO_FENCE
#define RUNS(e) (true)
#define IS_OPEN(e, s) (!fired[ROW(e, s)])
#else
#define RUNS(e) (epoch == (e) && !accepted)
#define IS_OPEN(e, s) (!fired[ROW(e, s)] && !cancelled[ROW(e, s)])
#endif
#ifdef NO_DUE
#define IS_DUE(e, s) (true)
#else
#define IS_DUE(e, s) (due[ROW(e, s)])
#endif
#define CAN_FIRE(e, s) (IS_DUE(e, s) && IS_OPEN(e, s) && RUNS(e) && !((s) == 1 && IS_QUEUE(e)))

/* A worker of the timers' queue. */
proctype Worker() {
    byte e, s;
    bool may;
end:
    do
    :: hints?e ->
        s = 0;
        do
        :: s < 2 ->
#ifdef CHECK_THEN_ACT
            may = CAN_FIRE(e, s);
            atomic { if :: may -> effect(e, s) :: else -> skip fi }
#else
            atomic { may = CAN_FIRE(e, s); if :: may -> effect(e, s) :: else -> skip fi }
#endif
            s++
        :: else -> break
        od
    od
}

/* One of two keepers: no hint, only rows. */
proctype Keeper() {
end:
    do
    :: atomic { CAN_FIRE(epoch, 0) -> effect(epoch, 0) }
    :: atomic { CAN_FIRE(epoch, 1) -> effect(epoch, 1) }
    od
}

/* The arming of each new custody, also once more after a restart. */
proctype Armer() {
    byte armed = 255;
end:
    do
    :: armed != epoch -> armed = epoch; publish(armed)
    od
}

/* Time passes: the mark of a custody falls due before its move. */
proctype Time() {
    byte row = 0;
    do
    :: row < ROWS -> due[row] = true; row++
    :: else -> break
    od
}

/* The rep answers or not: marks that were due and unfired are set by the answer, the rest is cancelled. */
proctype Rep() {
    if
    :: atomic {
        !accepted && !IS_QUEUE(epoch) ->
        if
        :: due[ROW(epoch, 0)] && !fired[ROW(epoch, 0)] -> fired[ROW(epoch, 0)] = true; effects[ROW(epoch, 0)]++
        :: !due[ROW(epoch, 0)] && !fired[ROW(epoch, 0)] -> cancelled[ROW(epoch, 0)] = true
        :: fired[ROW(epoch, 0)] -> skip
        fi;
        cancelled[ROW(epoch, 1)] = !fired[ROW(epoch, 1)];
        accepted = true
       }
    :: skip
    fi
}

/* A colleague claims what lies in a queue, or does not: a new custody that is accepted at once. */
proctype Claimer() {
end:
    if
    :: atomic { !accepted && IS_QUEUE(epoch) && epoch < NA -> next_custody(); accepted = true }
    :: skip
    fi
}

/* Somebody moves the lead by hand, at any moment, or does not. */
proctype Mover() {
    if
#ifdef SPLIT_MOVE
    :: atomic { !accepted && epoch < NA -> holders++; next_custody() }; holders--
#else
    :: d_step { !accepted && epoch < NA -> holders++; holders--; next_custody() }
#endif
    :: skip
    fi
}

init {
    atomic {
        run Worker(); run Worker(); run Armer(); run Time(); run Rep(); run Claimer(); run Mover();
#ifndef NO_KEEPER
        run Keeper(); run Keeper()
#endif
    }
}

#if NA == 1
#define ONCE (effects[0] <= 1 && effects[1] <= 1 && effects[2] <= 1 && effects[3] <= 1)
#else
#define ONCE (effects[0] <= 1 && effects[1] <= 1 && effects[2] <= 1 && effects[3] <= 1 && effects[4] <= 1 && effects[5] <= 1)
#endif

/* Law 3: no step takes effect twice; none before it is due, none after its ladder ended. */
ltl once { [] ONCE }
ltl safe { [] (!early && !stale) }
/* Law 2: exactly one custody runs. */
ltl one_custody { [] (holders == 1) }
/* What is due happens, or its ladder ends. */
ltl live { [] ((due[1] && epoch == 0) -> <> (accepted || epoch != 0)) }
