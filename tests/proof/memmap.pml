/* SPDX-License-Identifier: MIT */
/*
 * The conversation of PROTOCOL.md, and all that can happen to a guest meanwhile.
 *
 * A layout is a number here: `p2m` is which one is true, `layout` which one the device
 * model goes by.  BAD is one that no check of section 5 lets pass.  What is written to
 * guest memory may change at any time, between the device model's copy and its look at
 * it too, and between any two steps the guest may be migrated, saved and restored or
 * softly reset (all three: a new device model is told what the old one knew), its
 * devices may be reset, and the device model may die.  A reboot makes a new domain and a
 * new device model, which is where the model begins.
 *
 * SILENT: firmware does not speak, and the guest's own software has the offer.
 *
 * A rule is left out by its name; each has a counterexample then (proofs.toml):
 *   NO_COPY         section 2: a record is copied once, and only the copy looked at
 *   NO_GENERATION   section 6: PREPARE and COMMIT carry the successor
 *   NO_SEAL         section 2: firmware seals before it starts anything
 *   RESET_UNSEALS   section 6: a reset of devices leaves the state
 *   LATE_COMMIT     section 2: COMMIT before PCI memory decode
 *   NO_YES          section 2: a yes to PREPARE before a page moves
 *   NO_RETREAT      section 2: after a refusal, a layout in which nothing moved
 *   NO_BUSY         section 9: PREPARE is refused while the guest is being migrated
 *   NO_SECTION      section 6: layout and state migrate
 *   NO_LIMIT        section 8: a toolstack waits for SEALED for so long, and no longer
 */

#ifndef VCPUS
#define VCPUS 2
#endif
/* Accesses of each vCPU once the guest's own software runs. */
#ifndef ACCESSES
#define ACCESSES 3
#endif
/* Of what befalls the guest. */
#ifndef EVENTS
#define EVENTS 2
#endif

#define BUILT 0
#define BAD   3
/* Nothing follows: 2^32 - 1. */
#define LAST  3

/* Section 6. */
#define OFFERED    0
#define NEGOTIATED 1
#define PREPARED   2
#define COMMITTED  3
#define SEALED     4

/* Section 3. */
#define QUERY   1
#define PREPARE 2
#define COMMIT  3
#define SEAL    4

byte p2m = BUILT;
byte record, number;            /* in guest memory: a layout, and its generation */

/* The device model. */
bool alive = true, busy;
byte state, generation, layout = BUILT;
bool sound;
byte copy, copied;

bool migrating;
bool moving;                    /* RAM moves, or has, and the COMMIT is not done */
bool decode;                    /* BARs are enabled */
bool os;                        /* what did not come with firmware runs */
bool spoke;                     /* this firmware sealed */
bool waiting = true;             /* a toolstack, for SEALED */
bool expired;                   /* the time that a toolstack gives a guest to boot */

/* What only judges look at. */
bool was_sealed;
byte sealed_layout, ended;      /* ended: vCPUs that have done all that they do */
byte named[LAST + 1];           /* the layout of each generation, 1 more; 0: none yet */
byte events;

#ifdef NO_GENERATION
#define follows(g) ((g) > 0 && (g) <= LAST)
#else
#define follows(g) ((g) == generation + 1 && (g) <= LAST)
#endif
#ifdef NO_BUSY
#define held false
#else
#define held migrating
#endif

#define sealed_as_it_was (state == SEALED && layout == sealed_layout)

inline is_sealed()
{
    state = SEALED;
    was_sealed = true;
    sealed_layout = layout
}

/*
 * One access to DOORBELL: nobody else's is served meanwhile.  It looks at the copy, and
 * then does what the command says; guest memory may change between the two.  @no: it was
 * refused, or nobody is there.
 */
inline doorbell(cmd, no)
{
    if
    :: atomic { alive && !busy -> busy = true;
                copy = record; copied = number; sound = (copy != BAD) }
       if
       :: atomic { alive ->
#ifdef NO_COPY
          copy = record;
#endif
          no = true;
          if
          :: state == OFFERED || state == SEALED -> skip        /* STATE */
          :: else ->
             if
             :: cmd == QUERY -> no = false
             :: cmd == SEAL ->
                no = false;
                is_sealed()
             :: cmd == PREPARE || cmd == COMMIT ->
                if
                :: sound && follows(copied) && !(cmd == PREPARE && held) ->
                   if
                   :: skip                      /* BUSY, APPLY, RDM: as it likes */
                   :: no = false;
                      if
                      :: cmd == PREPARE -> state = PREPARED
                      :: cmd == COMMIT ->
                         state = COMMITTED;
                         layout = copy;
                         generation = copied;
                         assert(layout != BAD); /* what it checked is what it took */
                         assert(!named[generation]);
                         named[generation] = layout + 1
                      fi
                   fi
                :: else -> skip                 /* RAM_SUM ..., GENERATION, BUSY */
                fi
             fi
          fi;
          busy = false
          }
       :: atomic { !alive -> no = true }
       fi
    :: atomic { !alive -> no = true }           /* it reads as all ones */
    fi
}

inline say(l, cmd)
{
    record = l;
    number = known + 1;
    doorbell(cmd, no)
}

active proctype firmware()
{
    bool no;
    byte known, was;

    /* An old one, one that was told not to speak, or one without an offer. */
#ifdef SILENT
    goto start;
#endif
    if
    :: goto start
    :: atomic { alive && !busy && state == OFFERED -> state = NEGOTIATED }
    :: state != OFFERED -> goto start           /* it came from elsewhere */
    :: !alive -> goto start
    fi;
    doorbell(QUERY, no);
    known = generation;

    was = p2m;
    if
    :: skip                                     /* nothing is to move */
    :: say(1, PREPARE);
       if
#ifdef NO_YES
       :: true ->
#else
       :: !no ->
#endif
          /* All of it, or half: something failed. */
          if
          :: atomic { moving = true; p2m = 1 }
          :: atomic { moving = true; p2m = 2 }
          fi
       :: no -> skip
       fi
    fi;
#ifdef LATE_COMMIT
    decode = true;
#endif
    say(p2m, COMMIT);
    if
    :: !no -> moving = false
    :: no && moving ->
#ifdef NO_RETREAT
       moving = false
#else
       atomic { p2m = was; moving = false };
       say(p2m, COMMIT)
#endif
    :: else -> skip
    fi;
    decode = true;

#ifndef NO_SEAL
    doorbell(SEAL, no);
    assert(!no || !alive);
#endif
    spoke = true;
start:
    os = true
}

/* The guest's own software: anything, from any vCPU. */
active [VCPUS] proctype vcpu()
{
    byte done, any;
    bool no;

    os;
    do
    :: done == ACCESSES -> break
    :: done < ACCESSES ->
       done++;
       if
       :: atomic { select (any : BUILT .. BAD); record = any;
                   select (any : 0 .. LAST); number = any; any = 0 }
       :: atomic { alive && !busy && state == OFFERED -> state = NEGOTIATED }
       :: doorbell(PREPARE, no)
       :: doorbell(COMMIT, no)
       :: doorbell(SEAL, no)
       fi
    od;
    ended++
}

active proctype fate()
{
    byte began;
    bool window;

    do
    :: events == EVENTS -> break
    :: events < EVENTS ->
       events++;
       if
       :: atomic { alive && !busy ->            /* a reset of devices */
#ifdef RESET_UNSEALS
             state = OFFERED
#else
             skip
#endif
          }
       :: atomic { alive && !migrating -> migrating = true; began = p2m;
                   window = moving || state == PREPARED };
          if
          :: atomic { alive && !busy ->
                /* What the stream said once to be populated stays so. */
                assert(p2m == began || window);
#ifdef NO_SECTION
                state = OFFERED; generation = 0; layout = BUILT;
#else
                if
                :: state == OFFERED -> is_sealed()      /* DM-25 */
                :: else -> skip
                fi;
#endif
                migrating = false
             }
          :: !alive
          fi
       :: atomic { alive -> alive = false; break }
       :: !alive -> break
       fi
    od
}

/* Looks between any two steps.  A dead device model goes by nothing. */
active proctype judge()
{
    do
    /* The layout in force is the true one. */
    :: atomic { alive && !busy && layout != p2m && !moving && (spoke || !os) ->
                assert(layout == p2m) }
    /* Whoever sealed it. */
    :: atomic { alive && was_sealed && !sealed_as_it_was -> assert(sealed_as_it_was) }
    :: atomic { alive && decode && layout != p2m && moving -> assert(!decode) }
    /* Nothing can go on: nobody waits then. */
    :: atomic { timeout -> assert(!waiting);
                assert(os && ended == VCPUS && (!migrating || !alive)); break }
    od
}

active proctype clock()
{
#ifdef NO_LIMIT
    skip
#else
    expired = true
#endif
}

/* Section 8: it must come to an end in every run. */
active proctype toolstack()
{
    if
    :: state == SEALED
    :: !alive
    :: expired
    fi;
    waiting = false
}
