# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Ordered, multi-valued decision diagrams: shared, reduced, and the few operations on them.

A diagram is a number in a :class:`Forest`. A node has a level (the variable it asks for) and a
child for each class of that variable; levels rise along every path, no node has all its children
equal, and no two nodes are alike, so that equal functions are the same number. Leaves hold any
hashable value. (Srinivasan, Kam, Malik and Brayton, "Algorithms for discrete function
manipulation", ICCAD 1990.) A :class:`Descent` goes down them with what is known of one loan.

This is compiled, because proofs are millions of such steps: nodes lie in plain arrays, and what an
operation came to is looked up in tables of numbers. (Memory is asked for by ``_more`` alone.)
"""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcmp, memcpy, memmove, memset

LEAF = 1 << 30
"""The level of a leaf: below every variable."""

UNKNOWN = -1
"""The class of a variable of which nothing is known."""

LATER = -2
"""The class of a variable that was not worked out yet."""

cdef object _ONE = 1  # of Python: masks have more bits than numbers of C

cdef enum:
    _LEAF = 1 << 30
    _NONE = -1
    _LATER = -2
    _DEPENDS = 2

cdef enum _Kind:
    BOTH, EITHER, LESS, MAP, APPLY


cdef class Forest:
    """All diagrams of one rulebase, sharing their nodes."""

    cdef readonly int false
    cdef readonly int true
    cdef readonly Levels level
    cdef readonly Children children
    cdef readonly dict values
    cdef _Nodes _nodes
    cdef dict _leaves
    cdef _Memo _both, _either, _less
    cdef dict _changed
    cdef dict _combined
    cdef list _masks
    cdef dict _mask_of
    cdef uint32_t _steps
    cdef object __weakref__

    def __init__(self):
        self._nodes = _Nodes()
        self.level, self.children = Levels(self._nodes), Children(self._nodes)
        self.values = {}
        self._leaves = {}
        self._masks, self._mask_of = [0], {0: 0}
        self.forget()
        self.false = self.leaf(False)
        self.true = self.leaf(True)

    def leaf(self, value):
        """The leaf that holds ``value``. (Python's ``True == 1`` is told apart by type.)"""
        return self._leaf(value)

    def node(self, int level, children):
        """The node with these children, or the child itself where all are the same."""
        cdef _Stack hand = _Stack()
        cdef int size = len(children), i
        if not 0 <= level < _LEAF or not size:
            raise ValueError("a node has a level and children")
        hand.take(size)
        for i in range(size):
            hand.at[i] = self._here(children[i])
        return self._nodes.node(level, hand.at, size)

    def extend(self, int level, int size, children):
        """Add nodes of a level, each with so many children, reduced and not yet here. The numbers
        of their children, all of lower nodes that are here, lie one after the other in 32 bits
        each. They are listed once others come to the level: most are only walked.

        Raises ``ValueError`` for what are no such numbers.
        """
        cdef Py_buffer buffer
        PyObject_GetBuffer(children, &buffer, PyBUF_SIMPLE)
        try:
            self._nodes.extend(level, size, <const int32_t *> buffer.buf, buffer.len)
        finally:
            PyBuffer_Release(&buffer)

    def choice(self, int level, int size, chosen):
        """True for the chosen classes of a variable, false for the others."""
        inside = frozenset(chosen)
        return self.node(level, [self.true if i in inside else self.false for i in range(size)])

    # ---- operations ---------------------------------------------------------------------------

    def apply(self, str name, combine, int a, int b, *, keeps=None):
        """The diagram whose leaves combine those of ``a`` and ``b``. ``name`` keys the memory, so
        one name always means one function. Leaves of ``a`` that it ``keeps`` stay what they are,
        whatever ``b`` is there."""
        cdef _Walk walk = _Walk(APPLY, self._memory(self._combined, name))
        walk.change = combine
        if keeps is not None:
            walk.keeps, walk.kept = keeps, {}
        return self._go(walk, self._here(a), self._here(b))

    def map(self, str name, change, int a):
        """The diagram with every leaf changed; ``name`` keys the memory as in ``apply``."""
        cdef _Walk walk = _Walk(MAP, self._memory(self._changed, name))
        walk.change = change
        return self._go(walk, self._here(a), self.true)

    def both(self, int a, int b):
        """``a`` and ``b``."""
        return self._go(_Walk(BOTH, self._both), self._here(a), self._here(b))

    def either(self, int a, int b):
        """``a`` or ``b``."""
        return self._go(_Walk(EITHER, self._either), self._here(a), self._here(b))

    def less(self, int a, int b):
        """``a`` and not ``b``."""
        return self._go(_Walk(LESS, self._less), self._here(a), self._here(b))

    def negate(self, int a):
        """Not ``a``."""
        return self.less(self.true, a)

    def all_of(self, parts):
        """The conjunction of some diagrams, none being true."""
        found = self.true
        for part in sorted(parts, key=self.level.__getitem__, reverse=True):
            found = self.both(part, found)  # from below: what is above then stands on it once
        return found

    def any_of(self, parts):
        """The disjunction of some diagrams, none being false."""
        left = list(parts) or [self.false]
        while len(left) > 1:  # neighbours first: rules that stand together share most of theirs
            pairs = [self.either(left[i], left[i + 1]) for i in range(0, len(left) - 1, 2)]
            left = pairs + left[2 * len(pairs):]
        return left[0]

    def sets(self, regions, *, bint first=False):
        """The diagram whose leaves hold the keys of the regions that are true there, or the
        ``first`` of them alone. (All regions are walked down together, so that nothing is built
        that is not part of the outcome.)"""
        cdef _Stack walk = _Stack()
        cdef int i, size = len(regions)
        walk.take(size)
        for i, region in enumerate(regions.values()):
            walk.at[i] = self._here(region)
        return self._sets(walk, tuple(regions), {}, 0, first)

    cdef int _go(self, _Walk walk, int a, int b) except -1:
        """What an operation on two diagrams comes to; of one diagram ``b`` is any leaf."""
        cdef int found = self._settled(walk, a, b)
        if found != _NONE:
            return found
        if (walk.kind == BOTH or walk.kind == EITHER) and a > b:
            a, b = b, a
        found = walk.memo.find(a, b)
        if found != _NONE:
            return found
        if self._nodes.level[a] == _LEAF and self._nodes.level[b] == _LEAF:
            if walk.kind == MAP:
                found = self._leaf(walk.change(self.values[a]))
            else:
                found = self._leaf(walk.change(self.values[a], self.values[b]))
        else:
            found = self._below(walk, a, b)
        walk.memo.keep(a, b, found)
        self._pause()
        return found

    cdef int _settled(self, _Walk walk, int a, int b) except -2:
        """What is plain without a look further down, if it is."""
        cdef int true = self.true, false = self.false
        if walk.kind == BOTH:
            if a == false or b == false:
                return false
            if a == true or a == b:
                return b
            return a if b == true else _NONE
        if walk.kind == EITHER:
            if a == true or b == true:
                return true
            if a == false or a == b:
                return b
            return a if b == false else _NONE
        if walk.kind == LESS:
            if a == false or a == b or b == true:
                return false
            return a if b == false else _NONE
        if walk.kept is not None and self._nodes.level[a] == _LEAF:
            keeps = walk.kept.get(a)
            if keeps is None:
                keeps = walk.kept[a] = bool(walk.keeps(self.values[a]))
            if keeps:
                return a
        return _NONE

    cdef int _below(self, _Walk walk, int a, int b) except -1:
        """The node above what an operation finds below two diagrams, not both leaves."""
        cdef int above = self._nodes.level[a], other = self._nodes.level[b], child, i
        cdef int top = min(above, other)
        cdef int size = self._nodes.width(a if above == top else b)
        cdef Py_ssize_t start = walk.take(size)
        for i in range(size):
            child = self._go(
                walk,
                self._nodes.child(a, i) if above == top else a,
                self._nodes.child(b, i) if other == top else b,
            )
            walk.at[start + i] = child
        child = self._nodes.node(top, walk.at + start, size)
        walk.top = start
        return child

    cdef int _sets(
        self, _Stack walk, tuple keys, dict memo, Py_ssize_t start, bint first
    ) except -1:
        """What ``sets`` comes to of the diagrams that the walk holds from ``start`` on."""
        cdef int size = len(keys), top = _LEAF, width = 0, node, child, i, code
        cdef Py_ssize_t here, below
        for i in range(size):
            node = walk.at[start + i]
            if self._nodes.level[node] < top:
                top, width = self._nodes.level[node], self._nodes.width(node)
            if first and node == self.true:
                for child in range(i + 1, size):
                    walk.at[start + child] = self.false
                break
        key = PyBytes_FromStringAndSize(<char *> (walk.at + start), size * sizeof(int32_t))
        found = memo.get(key)
        if found is not None:
            return found
        if top == _LEAF:
            node = self._leaf(
                frozenset([keys[i] for i in range(size) if walk.at[start + i] == self.true])
            )
        else:
            here = walk.take(width)
            for code in range(width):
                below = walk.take(size)
                for i in range(size):
                    node = walk.at[start + i]
                    if self._nodes.level[node] == top:
                        node = self._nodes.child(node, code)
                    walk.at[below + i] = node
                child = self._sets(walk, keys, memo, below, first)
                walk.top = below
                walk.at[here + code] = child
            node = self._nodes.node(top, walk.at + here, width)
            walk.top = here
            self._pause()
        memo[key] = node
        return node

    def limited(self, nodes, dict left):
        """Diagrams that are as others where of each level one of the classes that are ``left`` is
        taken (of levels that it does not name any), and ask for nothing else."""
        cdef _Stack hand = _Stack()
        cdef _Memo memo = _Memo()
        return [self._limited(self._here(node), left, hand, memo) for node in nodes]

    cdef int _limited(self, int node, dict left, _Stack hand, _Memo memo) except -1:
        cdef int found, size, code, child
        cdef Py_ssize_t start
        if self._nodes.level[node] == _LEAF:
            return node
        found = memo.find(node, 0)
        if found != _NONE:
            return found
        kept = left.get(self._nodes.level[node])
        size = self._nodes.width(node)
        start = hand.take(size)
        first = None if kept is None else min(kept)
        for code in range(size):
            child = code if kept is None or code in kept else first
            if not 0 <= child < size:
                raise IndexError(child)
            child = self._limited(self._nodes.child(node, child), left, hand, memo)
            hand.at[start + code] = child
        found = self._nodes.node(self._nodes.level[node], hand.at + start, size)
        hand.top = start
        memo.keep(node, 0, found)
        self._pause()
        return found

    # ---- questions ----------------------------------------------------------------------------

    def narrowed(self, int region, constraints):
        """A region without what breaks a constraint on nothing but what the region asks for."""
        others = ~self._masks[self._support(self._here(region))]
        for constraint in constraints:
            if not self._masks[self._support(self._here(constraint))] & others:
                region = self.both(region, constraint)
        return region

    def support(self, int a):
        """The levels that ``a`` asks for, as a bit mask."""
        return self._masks[self._support(self._here(a))]

    def reachable(self, int a):
        """Every node and leaf of ``a``, itself first."""
        return self._reached(self._here(a), False)

    def leaves(self, int a):
        """The leaves of ``a``."""
        return self._reached(self._here(a), True)

    def forget(self):
        """Drop the memory of past operations, which a finished rulebase no longer needs."""
        self._both, self._either, self._less = _Memo(), _Memo(), _Memo()
        self._changed = {}
        self._combined = {}

    cdef bint _all_open(self, _Stack walk, Py_ssize_t start) noexcept:
        """Put the diagrams in order, each once and without those that are true; whether none is
        false."""
        cdef Py_ssize_t i, place, end = start
        cdef int node
        for i in range(start, walk.top):
            node = walk.at[i]
            if node == self.false:
                return False
            if node == self.true:
                continue
            place = end
            while place > start and walk.at[place - 1] > node:
                place -= 1
            if place > start and walk.at[place - 1] == node:
                continue
            memmove(walk.at + place + 1, walk.at + place, (end - place) * sizeof(int32_t))
            walk.at[place] = node
            end += 1
        walk.top = end
        return True

    cdef int _support(self, int a) except -1:
        """The number of the mask of the levels that ``a`` asks for: many nodes ask for the same."""
        cdef int found = self._nodes.asked[a], i, child, last = 0
        if found or self._nodes.level[a] == _LEAF:
            return found
        mask = _ONE << self._nodes.level[a]
        for i in range(self._nodes.width(a)):
            child = self._support(self._nodes.child(a, i))
            if child != last:
                mask |= self._masks[child]
                last = child
        known = self._mask_of.get(mask)
        if known is None:
            known = self._mask_of[mask] = len(self._masks)
            self._masks.append(mask)
        self._nodes.asked[a] = known
        return known

    cdef list _reached(self, int a, bint leaves):
        cdef _Memo seen = _Memo()
        cdef _Stack waiting = _Stack()
        cdef int node, child, i
        cdef list found = []
        waiting.at[waiting.take(1)] = a
        seen.keep(a, 0, a)
        if not leaves or self._nodes.level[a] == _LEAF:
            found.append(a)
        while waiting.top:
            waiting.top -= 1
            node = waiting.at[waiting.top]
            for i in range(self._nodes.width(node)):
                child = self._nodes.child(node, i)
                if seen.find(child, 0) == _NONE:
                    seen.keep(child, 0, child)
                    if not leaves or self._nodes.level[child] == _LEAF:
                        found.append(child)
                    if self._nodes.level[child] != _LEAF:
                        waiting.at[waiting.take(1)] = child
        return found

    cdef inline int _pause(self) except -1:
        """Now and then let other threads go on, and whoever waits interrupt."""
        self._steps += 1
        if not self._steps & 0x7FF:
            PyErr_CheckSignals()
            with nogil:
                pass
        return 0

    cdef int _here(self, int node) except -1:
        if not 0 <= node < self._nodes.count:
            raise IndexError(node)
        return node

    cdef int _leaf(self, value) except -1:
        key = (type(value), value)
        found = self._leaves.get(key)
        if found is None:
            number = self._nodes.add(_LEAF, NULL, 0)
            self.values[number] = value
            found = self._leaves.setdefault(key, number)
            if found != number:  # while the key was compared another thread has put it there
                del self.values[number]
        return found

    cdef _Memo _memory(self, dict operations, str name):
        found = operations.get(name)
        if found is None:
            found = operations[name] = _Memo()
        return found


cdef class Levels:
    """The level of each node."""

    cdef _Nodes _nodes

    def __init__(self, _Nodes nodes):
        self._nodes = nodes

    def __len__(self):
        return self._nodes.count

    def __getitem__(self, Py_ssize_t node):
        if not 0 <= node < self._nodes.count:
            raise IndexError(node)
        return self._nodes.level[node]


cdef class Children:
    """The children of each node, none of a leaf."""

    cdef _Nodes _nodes

    def __init__(self, _Nodes nodes):
        self._nodes = nodes

    def __len__(self):
        return self._nodes.count

    def __getitem__(self, Py_ssize_t node):
        cdef int i
        if not 0 <= node < self._nodes.count:
            raise IndexError(node)
        return tuple([self._nodes.child(node, i) for i in range(self._nodes.width(node))])


cdef class Descent:
    """The diagrams of a forest under what is known of one loan. Not shared between threads.

    ``codes`` are the classes of the variables, by level: ``UNKNOWN``, or ``LATER`` where
    ``class_of`` tells it of the level when it is first asked for. ``left`` holds, of levels that
    are unknown, the classes that are left, where some are ruled out; who fills it does so before
    ``reduced`` and ``reach`` are asked.
    """

    cdef readonly dict left
    cdef readonly dict below
    cdef Forest _forest
    cdef _Nodes _nodes
    cdef list _codes
    cdef object _class_of
    cdef _Memo _met, _reduced
    cdef dict _same

    def __init__(self, Forest forest, list codes, class_of):
        self._forest, self._nodes = forest, forest._nodes
        self._codes, self._class_of = codes, class_of
        self.left, self.below = {}, {}
        self._met, self._reduced, self._same = _Memo(), _Memo(), {}

    # ---- what is known ------------------------------------------------------------------------

    def code(self, int level):
        """The class of a variable, negative where it is not known."""
        return self._code(level)

    def settle(self, int node):
        """Follow what is known from a node: the leaf, or the first node that asks for what is not
        known."""
        return self._settle(self._forest._here(node))

    def parted(self, parts):
        """Of pairs of a number and a part the numbers of the parts in which the loan lies, whatever
        the unknown facts are, and those of the parts for which that depends on them. (Constraints,
        and what comparisons say of one another, are left aside.)"""
        cdef list certain = [], possible = []
        cdef int met
        for number, node in parts:
            met = self._meets(self._forest._here(node))
            if met == _DEPENDS:
                possible.append(number)
            elif met:
                certain.append(number)
        return certain, possible

    def needed(self, roots):
        """Levels that are needed for every root to come to the leaf it comes to, none of which can
        be left out; None where some root comes to no leaf yet.

        From the last level up: one is left out where each of its classes surely leads to the same
        leaf, by the levels below it that were kept. (Huang, Izza, Ignatiev and Marques-Silva, "On
        efficiently explaining graph-based classifiers", KR 2021, for decision graphs of this kind.)
        """
        cdef dict asked = {}
        cdef set kept = set()
        cdef _Memo sure = _Memo()
        cdef int node, goal, level
        for root in roots:
            node = self._forest._here(root)
            goal = self._settle(node)
            if self._nodes.level[goal] != _LEAF:
                return None
            while node != goal:
                level = self._nodes.level[node]
                asked.setdefault(level, []).append((node, goal))
                node = self._nodes.child(node, self._code(level))
        for level in sorted(asked, reverse=True):
            for node, goal in asked[level]:
                if not self._all_surely(node, goal, kept, sure):
                    kept.add(level)
                    break
        return kept

    cdef int _code(self, int level) except -3:
        if level >= len(self._codes):
            raise IndexError(level)
        cdef int code = self._codes[level]
        if code == _LATER:
            code = self._class_of(level)
            self._codes[level] = code
        return code

    cdef int _settle(self, int node) except -1:
        cdef int level, code
        while (level := self._nodes.level[node]) != _LEAF:
            code = self._code(level)
            if code < 0:
                break
            node = self._child(node, code)
        return node

    cdef int _child(self, int node, int code) except -1:
        if not 0 <= code < self._nodes.width(node):
            raise IndexError(code)
        return self._nodes.child(node, code)

    cdef int _meets(self, int node) except -1:
        cdef int found, i, child, before = _NONE, met = _NONE
        node = self._settle(node)
        if self._nodes.level[node] == _LEAF:
            return node == self._forest.true
        found = self._met.find(node, 0)
        if found != _NONE:
            return found
        for i in range(self._nodes.width(node)):
            child = self._nodes.child(node, i)
            if child == before:
                continue
            before = child
            found = self._meets(child)
            met = found if met == _NONE or met == found else <int> _DEPENDS
            if met == _DEPENDS:
                break
        self._met.keep(node, 0, met)
        return met

    cdef int _surely(self, int node, int goal, set kept, _Memo sure) except -1:
        """Whether every way from a node leads to the leaf that is the goal, where what is known of
        the levels that are kept is followed. (Which of its level and those below are kept must have
        been settled.)"""
        cdef int found
        level = self._nodes.level[node]
        if level == _LEAF:
            return node == goal
        found = sure.find(node, goal)
        if found != _NONE:
            return found
        if level in kept:
            found = self._surely(self._nodes.child(node, self._code(level)), goal, kept, sure)
        else:
            found = self._all_surely(node, goal, kept, sure)
        sure.keep(node, goal, found)
        return found

    cdef bint _all_surely(self, int node, int goal, set kept, _Memo sure) except -1:
        """The same of every child."""
        cdef int i, child, before = _NONE
        for i in range(self._nodes.width(node)):
            child = self._nodes.child(node, i)
            if child != before and not self._surely(child, goal, kept, sure):
                return False
            before = child
        return True

    # ---- what is left -------------------------------------------------------------------------

    def remaining(self, int node):
        """Follow what is known from a node, and what alone is left."""
        return self._remaining(self._forest._here(node))

    def reduced(self, int node):
        """A node that stands for all that lead on as this one does under what is known; a leaf,
        where the answers to what is not known change nothing. ``below`` holds the reduced children
        of nodes that were reduced, by the classes that are left."""
        return self._reduce(self._forest._here(node))

    def reach(self, nodes, constraints, bytes kinds, feasible, linked, check):
        """Every combination of leaves that is reached from some reduced nodes in the loans that
        meet the constraints; for ``kinds``, ``feasible`` and ``linked`` see ``ways``. ``check`` is
        called now and then: what it raises ends the search."""
        cdef _Reach reach = _Reach()
        reach.kinds, reach.feasible, reach.linked, reach.check = kinds, feasible, linked, check
        reach.seen, reach.found = set(), {}
        for node in nodes:
            reach.at[reach.take(1)] = self._forest._here(node)
        reach.size = reach.top
        for node in constraints:
            reach.at[reach.take(1)] = self._forest._here(node)
        self._reach(reach, 0, ())
        return list(reach.found)

    def ways(self, nodes, bytes kinds, feasible, linked, int most):
        """The first ways, at most so many, down diagrams of truth values, all at once, to where all
        of them are true: lists of steps, each a level and the class taken there.

        ``kinds`` say for each level what is asked there: 0 for a fact alone, 1 for one that is
        compared with others, 2 for a comparison. A way is followed as long as the steps of the
        kinds 1 and 2 are ``feasible`` together, of which only those go on to count that are
        ``linked`` with what the nodes ask for that are still to come.
        """
        cdef _Ways ways = _Ways()
        ways.kinds, ways.feasible, ways.linked = kinds, feasible, linked
        ways.most, ways.steps, ways.found, ways.dead = most, [], [], set()
        for node in nodes:
            ways.at[ways.take(1)] = self._settle(self._forest._here(node))
        if most > 0:
            self._ways(ways, 0, ())
        return ways.found

    cdef int _remaining(self, int node) except -1:
        while True:
            node = self._settle(node)
            only = self.left.get(self._nodes.level[node]) if self.left else None
            if only is None or len(only) != 1:
                return node
            node = self._child(node, only[0])

    cdef int _reduce(self, int node) except -1:
        cdef int found, i
        cdef bint alike = True
        cdef list below = []
        node = self._remaining(node)
        level = self._nodes.level[node]
        if level == _LEAF:
            return node
        found = self._reduced.find(node, 0)
        if found != _NONE:
            return found
        for i in self._classes(level, node):
            found = self._reduce(self._child(node, i))
            below.append(found)
            alike = alike and found == <int> below[0]
        if not below:
            raise ValueError("no class is left")
        if not alike:
            found = self._same.setdefault((level, *below), node)
            self.below[found] = tuple(below)
        self._reduced.keep(node, 0, found)
        return found

    cdef object _classes(self, level, int node):
        found = self.left.get(level)
        return range(self._nodes.width(node)) if found is None else found

    cdef int _reach(self, _Reach reach, Py_ssize_t start, tuple chosen) except -1:
        """Find what is reached from the nodes that ``reach`` holds from ``start`` on, and behind
        them the constraints that go with them."""
        cdef Py_ssize_t middle = start + reach.size, i, below, size, place
        cdef int node, kind, top, first
        cdef tuple taken, ends
        if not self._forest._all_open(reach, middle):
            return 0
        size = reach.top - start
        top, first = self._topmost(reach, start, middle)
        if top == _LEAF:
            leaves = tuple([reach.at[i] for i in range(start, middle)])
            if leaves in reach.found:
                return 0
            if middle == reach.top:
                reach.found[leaves] = None
                return 0
        if chosen:
            chosen = reach.linked(chosen, [reach.at[i] for i in range(start, reach.top)])
        key = PyBytes_FromStringAndSize(
            <char *> (reach.at + start), size * sizeof(int32_t)
        ), chosen
        if key in reach.seen:
            return 0
        reach.seen.add(key)
        self._forest._pause()
        if not len(reach.seen) & 0x3F:
            reach.check()
        top, first = self._topmost(reach, start, reach.top)
        if top >= len(reach.kinds):
            raise IndexError(top)
        kind = reach.kinds[top]
        for place, code in enumerate(self._classes(top, first)):
            below = reach.take(size)
            for i in range(size):
                node = reach.at[start + i]
                if self._nodes.level[node] == top:
                    if i < reach.size:
                        ends = self.below[node]
                        if place >= len(ends):
                            raise IndexError(place)
                        node = ends[place]
                    else:
                        node = self._remaining(self._child(node, code))
                reach.at[below + i] = node
                if i >= reach.size and node == self._forest.false:
                    break
            else:
                taken = (*chosen, (top, code)) if kind else chosen
                if kind != 2 or reach.feasible(taken):
                    self._reach(reach, below, taken)
            reach.top = below
        return 0

    cdef (int, int) _topmost(self, _Stack walk, Py_ssize_t start, Py_ssize_t end) noexcept:
        """The least level of some of the nodes, and the first node of that level."""
        cdef int top = _LEAF, first = _NONE
        cdef Py_ssize_t i
        for i in range(start, end):
            if self._nodes.level[walk.at[i]] < top:
                first = walk.at[i]
                top = self._nodes.level[first]
        return top, first

    cdef bint _ways(self, _Ways ways, Py_ssize_t start, tuple chosen) except -1:
        """Whether there is a way down the diagrams that ``ways`` holds from ``start`` on."""
        cdef Py_ssize_t i, below, size
        cdef int node, code, kind, top, first
        cdef bint found = False
        cdef tuple taken
        if not self._forest._all_open(ways, start):
            return False
        size = ways.top - start
        if not size:
            ways.found.append(list(ways.steps))
            return True
        if chosen:
            chosen = ways.linked(chosen, [ways.at[i] for i in range(start, ways.top)])
        key = PyBytes_FromStringAndSize(<char *> (ways.at + start), size * sizeof(int32_t)), chosen
        if key in ways.dead:
            return False
        self._forest._pause()
        top, first = self._topmost(ways, start, ways.top)
        if top >= len(ways.kinds):
            raise IndexError(top)
        kind = ways.kinds[top]
        for code in range(self._nodes.width(first)):
            below = ways.take(size)
            for i in range(size):
                node = ways.at[start + i]
                if self._nodes.level[node] == top:
                    node = self._settle(self._nodes.child(node, code))
                ways.at[below + i] = node
                if node == self._forest.false:
                    break
            else:
                taken = (*chosen, (top, code)) if kind else chosen
                if kind != 2 or ways.feasible(taken):
                    ways.steps.append((top, code))
                    found = self._ways(ways, below, taken) or found
                    ways.steps.pop()
            ways.top = below
            if len(ways.found) >= ways.most:
                return True
        if not found:
            ways.dead.add(key)
        return found


# ---- in arrays ------------------------------------------------------------------------------------


cdef struct _Table:
    # The nodes of a level, found by their children; -1 where there is none.
    int32_t *slots
    uint32_t room  # a power of two, or nothing
    uint32_t used


cdef class _Nodes:
    """Nodes by their numbers: the level of each, and its children one after the other."""

    cdef int count
    cdef int32_t *level
    cdef int32_t *asked  # the number of the mask of the levels that it asks for, 0 where not known
    cdef int64_t *start
    cdef int32_t *below
    cdef _Table *tables
    cdef int _levels
    cdef int64_t _room, _space
    cdef dict _unlisted

    def __cinit__(self):
        self._room, self._space = 64, 256
        self.level = <int32_t *> _more(NULL, self._room, sizeof(int32_t))
        self.asked = <int32_t *> _more(NULL, self._room, sizeof(int32_t))
        self.start = <int64_t *> _more(NULL, self._room + 1, sizeof(int64_t))
        self.below = <int32_t *> _more(NULL, self._space, sizeof(int32_t))
        self.start[0] = 0
        self._unlisted = {}

    def __dealloc__(self):
        cdef int level
        free(self.level)
        free(self.asked)
        free(self.start)
        free(self.below)
        for level in range(self._levels):
            free(self.tables[level].slots)
        free(self.tables)

    cdef inline int width(self, int node) noexcept:
        return <int> (self.start[node + 1] - self.start[node])

    cdef inline int child(self, int node, int code) noexcept:
        return self.below[self.start[node] + code]

    cdef int add(self, int level, const int32_t *below, int size) except -1:
        """One node or leaf more."""
        self._make_room(1, size)
        cdef int node = self.count
        cdef int64_t start = self.start[node]
        self.level[node], self.asked[node] = level, 0
        if size:
            memcpy(self.below + start, below, size * sizeof(int32_t))
        self.start[node + 1] = start + size
        self.count += 1
        return node

    cdef int extend(self, int level, int size, const int32_t *below, Py_ssize_t length) except -1:
        """Many nodes of one level."""
        cdef int64_t every = length // <Py_ssize_t> sizeof(int32_t), number, start
        cdef int first = self.count, child
        if not 0 <= level < _LEAF or size < 1 or every % size or length % sizeof(int32_t):
            raise ValueError("there are more or fewer children")
        for number in range(every):
            child = below[number]
            if not 0 <= child < first or self.level[child] <= level:
                raise ValueError("a child is not below its node")
        self._make_room(every // size, every)
        start = self.start[first]
        memcpy(self.below + start, below, every * sizeof(int32_t))
        for number in range(every // size):
            self.level[first + number], self.asked[first + number] = level, 0
            self.start[first + number + 1] = start + (number + 1) * size
        self.count += <int> (every // size)
        self._unlisted.setdefault(level, []).append((first, self.count))
        return 0

    cdef int node(self, int level, const int32_t *below, int size) except -1:
        """The node with these children, or the child itself where all are the same."""
        cdef int i, found
        cdef uint32_t slot
        for i in range(1, size):
            if below[i] != below[0]:
                break
        else:
            return below[0]
        cdef _Table *table = self._table(level)
        if 3 * table.used >= 2 * table.room:
            self._widen(table)
        slot = _hash(below, size) & (table.room - 1)
        while (found := table.slots[slot]) != _NONE:
            if self.width(found) == size and not memcmp(
                self.below + self.start[found], below, size * sizeof(int32_t)
            ):
                return found
            slot = (slot + 1) & (table.room - 1)
        found = self.add(level, below, size)
        table.slots[slot] = found
        table.used += 1
        return found

    cdef _Table *_table(self, int level) except NULL:
        """The nodes of a level, all of them listed."""
        cdef int node
        if level >= self._levels:
            self.tables = <_Table *> _more(self.tables, level + 1, sizeof(_Table))
            memset(self.tables + self._levels, 0, (level + 1 - self._levels) * sizeof(_Table))
            self._levels = level + 1
        if self._unlisted:
            for first, end in self._unlisted.pop(level, ()):
                for node in range(first, end):
                    self._list(&self.tables[level], node)
        return &self.tables[level]

    cdef int _list(self, _Table *table, int node) except -1:
        cdef uint32_t slot
        if 3 * table.used >= 2 * table.room:
            self._widen(table)
        slot = _hash(self.below + self.start[node], self.width(node)) & (table.room - 1)
        while table.slots[slot] != _NONE:
            slot = (slot + 1) & (table.room - 1)
        table.slots[slot] = node
        table.used += 1
        return 0

    cdef int _widen(self, _Table *table) except -1:
        cdef int32_t *old = table.slots
        cdef uint32_t before = table.room, room = 2 * before or 8, i
        table.slots = <int32_t *> _more(NULL, room, sizeof(int32_t))
        table.room, table.used = room, 0
        memset(table.slots, 0xFF, room * sizeof(int32_t))
        for i in range(before):
            if old[i] != _NONE:
                self._list(table, old[i])
        free(old)
        return 0

    cdef int _make_room(self, int64_t nodes, int64_t children) except -1:
        cdef int64_t needed = self.count + nodes, every = self.start[self.count] + children
        if needed >= _LEAF:
            raise MemoryError
        cdef int64_t room
        if needed > self._room:
            room = max(needed, 2 * self._room)
            self.level = <int32_t *> _more(self.level, room, sizeof(int32_t))
            self.asked = <int32_t *> _more(self.asked, room, sizeof(int32_t))
            self.start = <int64_t *> _more(self.start, room + 1, sizeof(int64_t))
            self._room = room
        if every > self._space:
            room = max(every, 2 * self._space)
            self.below = <int32_t *> _more(self.below, room, sizeof(int32_t))
            self._space = room
        return 0


cdef class _Memo:
    """What was found for two nodes."""

    cdef uint64_t *keys
    cdef int32_t *found
    cdef uint64_t room, used

    def __dealloc__(self):
        free(self.keys)
        free(self.found)

    cdef inline int find(self, int a, int b) noexcept:
        cdef uint64_t key = <uint64_t> a << 32 | <uint64_t> b, slot
        if not self.room:
            return _NONE
        slot = _mixed(key) & (self.room - 1)
        while self.keys[slot] != key:
            if self.keys[slot] == <uint64_t> -1:
                return _NONE
            slot = (slot + 1) & (self.room - 1)
        return self.found[slot]

    cdef int keep(self, int a, int b, int found) except -1:
        if 3 * self.used >= 2 * self.room:
            self._widen()
        self._put(<uint64_t> a << 32 | <uint64_t> b, found)
        self.used += 1
        return 0

    cdef int _widen(self) except -1:
        cdef uint64_t slot, before = self.room, room = 2 * self.room or 64
        cdef uint64_t *keys = self.keys
        cdef int32_t *values = self.found
        cdef uint64_t *more = <uint64_t *> _more(NULL, room, sizeof(uint64_t))
        self.found = <int32_t *> _more(NULL, room, sizeof(int32_t))
        self.keys, self.room = more, room
        memset(self.keys, 0xFF, room * sizeof(uint64_t))
        for slot in range(before):
            if keys[slot] != <uint64_t> -1:
                self._put(keys[slot], values[slot])
        free(keys)
        free(values)
        return 0

    cdef void _put(self, uint64_t key, int found) noexcept:
        cdef uint64_t slot = _mixed(key) & (self.room - 1)
        while self.keys[slot] != <uint64_t> -1:
            slot = (slot + 1) & (self.room - 1)
        self.keys[slot], self.found[slot] = key, found


cdef class _Stack:
    """The nodes that something on its way down holds in its hands."""

    cdef int32_t *at
    cdef Py_ssize_t top, _room

    def __cinit__(self, *_):
        self.at = <int32_t *> _more(NULL, 256, sizeof(int32_t))
        self._room = 256

    def __dealloc__(self):
        free(self.at)

    cdef Py_ssize_t take(self, Py_ssize_t size) except -1:
        """Room for so many nodes: where it begins."""
        cdef Py_ssize_t start = self.top
        if start + size > self._room:
            self.at = <int32_t *> _more(self.at, 2 * (start + size), sizeof(int32_t))
            self._room = 2 * (start + size)
        self.top += size
        return start


cdef class _Walk(_Stack):
    """An operation on two diagrams: what it does, and what it remembers."""

    cdef _Kind kind
    cdef _Memo memo
    cdef object change
    cdef object keeps
    cdef dict kept

    def __init__(self, _Kind kind, _Memo memo):
        self.kind, self.memo = kind, memo


cdef class _Reach(_Stack):
    """A search for leaves: what it is told, and what it has found so far."""

    cdef Py_ssize_t size
    cdef bytes kinds
    cdef object feasible
    cdef object linked
    cdef object check
    cdef set seen
    cdef dict found


cdef class _Ways(_Stack):
    """A search for ways down: what it is told, and what it has found so far."""

    cdef list steps, found
    cdef bytes kinds
    cdef object feasible
    cdef object linked
    cdef set dead
    cdef Py_ssize_t most


cdef void *_more(void *before, int64_t count, size_t size) except NULL:
    """Memory for so many things, and what was there before."""
    cdef void *found = realloc(before, <size_t> count * size)
    if found is NULL:
        raise MemoryError
    return found


cdef inline uint64_t _mixed(uint64_t key) noexcept:
    """The key with all of its bits in each. (Steele and others, "Fast splittable pseudorandom
    number generators", OOPSLA 2014.)"""
    key = (key ^ (key >> 33)) * <uint64_t> 0xFF51AFD7ED558CCD
    key = (key ^ (key >> 33)) * <uint64_t> 0xC4CEB9FE1A85EC53
    return key ^ (key >> 33)


cdef inline uint32_t _hash(const int32_t *below, int size) noexcept:
    cdef uint64_t mixed = size
    cdef int i
    for i in range(size):
        mixed = (mixed ^ <uint64_t> below[i]) * <uint64_t> 0x9E3779B97F4A7C15
        mixed ^= mixed >> 29
    return <uint32_t> (mixed ^ (mixed >> 32))
