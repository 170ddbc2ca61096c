/* The program of kernel.c for vectors of WIDE floats, called V_<WIDE>. Names end in _<WIDE>. */

#define V NAME(V)
#define PARTS (LANES / WIDE)
#define AT_ONCE (TOGETHER > PARTS ? TOGETHER / PARTS : 1)
#define INLINE TARGET static inline __attribute__((always_inline))

typedef struct { V part[PARTS]; } NAME(Row); /* a number of each of LANES filters */
#define Row NAME(Row)

#define load NAME(load)
INLINE Row load(const float *from)
{
    Row row;
    for (int i = 0; i < PARTS; i++)
        row.part[i] = ((const V *)from)[i];
    return row;
}

#define store NAME(store)
INLINE void store(float *to, Row row)
{
    for (int i = 0; i < PARTS; i++)
        ((V *)to)[i] = row.part[i];
}

#define all NAME(all)
INLINE Row all(float number)
{
    Row row;
    for (int i = 0; i < PARTS; i++)
        row.part[i] = number - (V){0};
    return row;
}

#define plus NAME(plus)
INLINE Row plus(Row a, Row b)
{
    for (int i = 0; i < PARTS; i++)
        a.part[i] = a.part[i] + b.part[i];
    return a;
}

#define times NAME(times)
INLINE Row times(Row a, Row b)
{
    for (int i = 0; i < PARTS; i++)
        a.part[i] = a.part[i] * b.part[i];
    return a;
}

#define larger NAME(larger)
INLINE Row larger(Row a, Row b)
{
    for (int i = 0; i < PARTS; i++)
        a.part[i] = MAX(a.part[i], b.part[i]);
    return a;
}

#define rectified NAME(rectified)
INLINE Row rectified(Row row)
{
    return larger(row, all(0.0f));
}

#define total NAME(total)
INLINE float total(Row row)
{
    float of[LANES] __attribute__((aligned(64)));
    store(of, row);
    for (int i = 0; i < 8; i++)
        of[i] += of[i + 8];
    for (int i = 0; i < 4; i++)
        of[i] += of[i + 4];
    return (of[0] + of[2]) + (of[1] + of[3]);
}

/* L[j] of a base for j in from..to-1, of those of the base before; pooled into max and sum. */
#define extend NAME(extend)
INLINE void extend(const float *letter, const float *before, float *state, int from, int to,
                   int mean, Row *max, Row *sum)
{
    Row best = *max, added = *sum;
    for (int j = from; j < to; j++) {
        Row value = plus(load(letter + j * LANES), load(before + (j + 1) * LANES));
        store(state + j * LANES, value);
        best = larger(best, value);
        if (mean)
            added = plus(added, rectified(value));
    }
    *max = best;
    *sum = added;
}

/* Go over the bases x(s) = x[s * step] from one end to the other: all that is not of `allele`.
   bases: of the sequence; last: the last start of a sub-window; column: of an SNV, or beyond all;
   inside: whether whole placements are wanted; least: the j from which on placements count. */
#define sweep NAME(sweep)
INLINE void sweep(const Group *group, const float *columns, const float *thresholds,
                  const uint8_t *x, int step, int bases, int last, int column, int inside,
                  int least, int mean, Side side)
{
    const int length = group->length, wholes = inside ? bases - length : -1;
    const int needed = wholes > last ? wholes : last; /* the last s at which L[0] or L[1] is */
    float *state = side.state;
    for (int j = 0; j <= length; j++)
        store(state + j * LANES, load(thresholds));
    for (int s = bases - 1; s > last; s--) {
        const float *letter = columns + x[s * step] * length * LANES;
        for (int j = s > needed ? s - needed : 0; j < length; j++)
            store(state + j * LANES,
                  plus(load(letter + j * LANES), load(state + (j + 1) * LANES)));
        if (s <= wholes)
            store(side.whole + s * LANES, rectified(load(state)));
    }
    memcpy(side.middle, state, (length + 1) * LANES * sizeof(float));
    for (int s = last; s >= 0; s--) {
        const float *letter = columns + x[s * step] * length * LANES;
        const int same = s + length - column; /* from this j on an SNV changes nothing */
        Row max = all(0.0f), sum = all(0.0f);
        if (s <= wholes && same <= 0)
            store(side.whole + s * LANES, rectified(plus(load(letter), load(state + LANES))));
        extend(letter, state, state, same > least ? same : least, length, mean, &max, &sum);
        store(side.max + s * LANES, max);
        store(side.kept_max + s * LANES, max);
        if (mean) {
            store(side.sum + s * LANES, sum);
            store(side.kept_sum + s * LANES, sum);
        }
    }
}

/* Add what an allele's base at `column`, the last start, changes. */
#define allele NAME(allele)
INLINE void allele(const Group *group, const float *columns, const uint8_t *x, int step,
                   int column, uint8_t base, int inside, int mean, Side side)
{
    const int length = group->length;
    const float *before = side.middle;
    for (int s = column; s > column - length && s >= 0; s--) {
        const float *letter = columns + (s == column ? base : x[s * step]) * length * LANES;
        Row max = load(side.kept_max + s * LANES), sum = load(side.kept_sum + s * LANES);
        if (inside)
            store(side.whole + s * LANES, rectified(plus(load(letter), load(before + LANES))));
        extend(letter, before, side.state, 1, s + length - column, mean, &max, &sum);
        store(side.max + s * LANES, max);
        if (mean)
            store(side.sum + s * LANES, sum);
        before = side.state;
    }
}

/* Fill in the features of `count` sub-windows of `width` bases. */
#define pool NAME(pool)
INLINE void pool(const Group *group, int count, int width, int mean, Scratch scratch)
{
    const Side left = scratch.left, right = scratch.right;
    const float share = 1.0f / (float)(width + group->length - 1);
    float *features = scratch.features;
    for (int s = 0; s < count; s++) {
        const int mirrored = (count - 1 - s) * LANES;
        Row max = larger(load(left.max + s * LANES), load(right.max + mirrored));
        Row sum = plus(load(left.sum + s * LANES), load(right.sum + mirrored));
        for (int p = s; p <= s + width - group->length; p++) {
            Row whole = load(left.whole + p * LANES);
            max = larger(max, whole);
            if (mean)
                sum = plus(sum, whole);
        }
        store(features, max);
        features += LANES;
        if (mean) {
            store(features, times(sum, all(share)));
            features += LANES;
        }
    }
}

/* Return the best score of `count` sub-windows. */
#define best_of NAME(best_of)
INLINE float best_of(const Group *group, int network, int count, int mean, const float *features)
{
    const int each = mean ? 2 * LANES : LANES, hidden = group->hidden;
    const float *weights1 = group->weights1 + (size_t)network * each * (hidden ? hidden : 1);
    const float *biases1 = group->biases1 + (size_t)network * hidden;
    const float *weights2 = group->weights2 + (size_t)network * hidden;
    float best = -INFINITY;
    for (int s = 0; s < count; s += AT_ONCE, features += AT_ONCE * each) {
        Row sums[AT_ONCE];
        for (int i = 0; i < AT_ONCE; i++) {
            sums[i] = all(0.0f);
            for (int f = 0; f < each && !hidden; f += LANES)
                sums[i] = plus(sums[i], times(load(features + i * each + f), load(weights1 + f)));
        }
        for (int h = 0; h < hidden; h += LANES) {
            Row units[AT_ONCE];
            for (int i = 0; i < AT_ONCE; i++)
                units[i] = load(biases1 + h);
            for (int f = 0; f < each; f++) {
                Row weights = load(weights1 + f * hidden + h);
                for (int i = 0; i < AT_ONCE; i++)
                    units[i] = plus(units[i], times(all(features[i * each + f]), weights));
            }
            for (int i = 0; i < AT_ONCE; i++)
                sums[i] = plus(sums[i], times(rectified(units[i]), load(weights2 + h)));
        }
        for (int i = 0; i < AT_ONCE && s + i < count; i++) {
            const float score = total(sums[i]) + group->bias2[network];
            best = score > best ? score : best;
        }
    }
    return best;
}

/* Return the columns of a network's strand, for placements from the left; `turned`, the right. */
#define columns_of NAME(columns_of)
INLINE const float *columns_of(const Group *group, int network, int strand, int turned)
{
    const size_t side = 2 * ((size_t)network * group->strands + strand) + turned;
    return group->columns + side * 5 * group->length * LANES;
}

#define rows_with NAME(rows_with)
INLINE void rows_with(const Group *group, int network, const uint8_t *codes, int64_t stride,
                      int64_t count, int64_t bases, int mean, Scratch scratch, float *scores)
{
    const int width = bases < group->scan ? (int)bases : group->scan;
    const int once = width < group->length ? group->length - width : 1; /* see placements.Edge */
    for (int64_t row = 0; row < count; row++) {
        scores[row] = -INFINITY;
        for (int64_t start = 0; start + width <= bases; start += TILE) {
            const int64_t rest = bases - width + 1 - start;
            const int windows = rest < TILE ? (int)rest : TILE, n = windows + width - 1;
            const uint8_t *x = codes + row * stride + start;
            for (int strand = 0; strand < group->strands; strand++) {
                const float *thresholds =
                    group->thresholds + ((size_t)network * group->strands + strand) * LANES;
                sweep(group, columns_of(group, network, strand, 0), thresholds, x, 1, n,
                      windows - 1, n + group->length, 1, 1, mean, scratch.left);
                sweep(group, columns_of(group, network, strand, 1), thresholds, x + n - 1, -1, n,
                      windows - 1, n + group->length, 0, once, mean, scratch.right);
                pool(group, windows, width, mean, scratch);
                const float score = best_of(group, network, windows, mean, scratch.features);
                scores[row] = score > scores[row] ? score : scores[row];
            }
        }
    }
}

TARGET static void NAME(rows_of)(const Group *group, int network, const uint8_t *codes,
                                 int64_t stride, int64_t count, int64_t bases, Scratch scratch,
                                 float *scores)
{
    if (group->mean) /* twice, so that each loop knows which */
        rows_with(group, network, codes, stride, count, bases, 1, scratch, scores);
    else
        rows_with(group, network, codes, stride, count, bases, 0, scratch, scores);
}

#define snvs_with NAME(snvs_with)
INLINE void snvs_with(const Group *group, int network, const uint8_t *codes, int64_t stride,
                      int64_t windows, const int64_t *ends, const uint8_t *letters, int mean,
                      Scratch scratch, float *ref, float *alt)
{
    const int middle = group->scan - 1, n = 2 * group->scan - 1;
    int64_t first = 0;
    for (int64_t window = 0; window < windows; first = ends[window++]) {
        const uint8_t *x = codes + window * stride;
        for (int strand = 0; strand < group->strands; strand++) {
            const float *from_left = columns_of(group, network, strand, 0);
            const float *from_right = columns_of(group, network, strand, 1);
            const float *thresholds =
                group->thresholds + ((size_t)network * group->strands + strand) * LANES;
            sweep(group, from_left, thresholds, x, 1, n, middle, middle, 1, 1, mean,
                  scratch.left);
            sweep(group, from_right, thresholds, x + n - 1, -1, n, middle, middle, 0, 1, mean,
                  scratch.right);
            for (int64_t a = first - 1; a < ends[window]; a++) { /* REF, then the ALTs */
                const uint8_t base = a < first ? x[middle] : letters[a];
                float *score = a < first ? ref + window : alt + a;
                allele(group, from_left, x, 1, middle, base, 1, mean, scratch.left);
                allele(group, from_right, x + n - 1, -1, middle, base, 0, mean, scratch.right);
                pool(group, group->scan, group->scan, mean, scratch);
                const float of_strand =
                    best_of(group, network, group->scan, mean, scratch.features);
                *score = strand && *score > of_strand ? *score : of_strand;
            }
        }
    }
}

TARGET static void NAME(snvs_of)(const Group *group, int network, const uint8_t *codes,
                                 int64_t stride, int64_t windows, const int64_t *ends,
                                 const uint8_t *letters, Scratch scratch, float *ref, float *alt)
{
    if (group->mean)
        snvs_with(group, network, codes, stride, windows, ends, letters, 1, scratch, ref, alt);
    else
        snvs_with(group, network, codes, stride, windows, ends, letters, 0, scratch, ref, alt);
}

#undef V
#undef PARTS
#undef AT_ONCE
#undef INLINE
#undef Row
#undef load
#undef store
#undef all
#undef plus
#undef times
#undef larger
#undef rectified
#undef total
#undef extend
#undef sweep
#undef allele
#undef pool
#undef best_of
#undef columns_of
#undef rows_with
#undef snvs_with
#undef WIDE
#undef TARGET
#undef MAX
