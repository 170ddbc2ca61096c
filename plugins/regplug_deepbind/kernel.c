/* Scores of DeepBind networks, for kernel.py: a dynamic program over the placements of filters.

A sequence is read in sub-windows of `width` bases, and around each lie unknown bases, which add 0
(a column's mean over the letters is part of the threshold). So a placement that sticks out of a
sub-window is a partial sum, and with D the columns of a filter and x the bases

    L[j](s) = D[j][x(s)] + L[j + 1](s + 1),    L[length] = threshold

is the placement whose first j columns stick out on the left of a sub-window that starts at s; L[0]
is a whole one. Those that stick out on the right are the same from the other end. An SNV at base c
changes L[j](s) only where j < s + length - c and s <= c; all else is computed once for REF and
ALTs. kernel_wide.h has the program; it is compiled here for each width of the CPU's vectors. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LANES 16   /* filters side by side; a network with fewer has zeros */
#define TILE 256   /* sub-windows at once */
#define TOGETHER 6 /* sub-windows of a product with the hidden layer, where registers do */

typedef struct { /* networks of one shape; floats begin at a multiple of 64 bytes */
    int32_t length, scan, hidden, mean, strands;
    const float *columns;    /* network, strand, from the left or right, letter (5), length, LANES */
    const float *thresholds; /* network, strand, LANES */
    const float *weights1;   /* network, feature (maxima, then means), hidden or 1 */
    const float *biases1;    /* network, hidden */
    const float *weights2;   /* network, hidden */
    const float *bias2;      /* network */
} Group;

typedef struct { /* what placements give from one end; a row of LANES for each start s */
    float *state;               /* L[j] at the present s, for each j */
    float *middle;              /* the same just behind the last start */
    float *max, *sum;           /* of the placements that stick out */
    float *kept_max, *kept_sum; /* of those that no ALT changes */
    float *whole;               /* the placement that begins at s */
} Side;

typedef struct {
    Side left, right;
    float *features; /* sub-window, feature */
    void *memory;
} Scratch;

static int take(Scratch *scratch, const Group *group)
{
    size_t states = (size_t)group->length + 1, starts = TILE + 2 * (size_t)group->scan;
    size_t rows = 2 * (2 * states + 5 * starts) + 2 * (TILE + TOGETHER + (size_t)group->scan);
    float *next = scratch->memory = aligned_alloc(64, rows * LANES * sizeof(float));
    if (!next)
        return -1;
    memset(next, 0, rows * LANES * sizeof(float));
    for (Side *side = &scratch->left;; side = &scratch->right) {
        float **parts[] = {&side->state, &side->middle, &side->max, &side->sum,
                           &side->kept_max, &side->kept_sum, &side->whole};
        for (int i = 0; i < 7; i++) {
            *parts[i] = next;
            next += (i < 2 ? states : starts) * LANES;
        }
        if (side == &scratch->right)
            break;
    }
    scratch->features = next;
    return 0;
}

#define PASTE(name, wide) name##_##wide
#define NAMED(name, wide) PASTE(name, wide)
#define NAME(name) NAMED(name, WIDE)

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define WIDE 16
#define TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma")))
typedef __m512 V_16;
#define MAX _mm512_max_ps
#include "kernel_wide.h"
#define WIDE 8
#define TARGET __attribute__((target("avx2,fma")))
typedef __m256 V_8;
#define MAX _mm256_max_ps
#include "kernel_wide.h"
#define WIDE 4
#define TARGET
typedef __m128 V_4;
#define MAX _mm_max_ps
#include "kernel_wide.h"
#elif defined(__aarch64__)
#include <arm_neon.h>
#define WIDE 4
#define TARGET
typedef float32x4_t V_4 __attribute__((may_alias));
#define MAX vmaxq_f32
#include "kernel_wide.h"
#else
#define WIDE 1
#define TARGET
typedef float V_1;
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#include "kernel_wide.h"
#endif

/* Return the sources that this was compiled of. */
const char *sources(void)
{
    return SOURCES;
}

/* Tell whether this CPU has vectors of so many floats, and this library the program for them. */
int has(int wide)
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (wide == 16)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("fma");
    if (wide == 8)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return wide == 4;
#elif defined(__aarch64__)
    return wide == 4;
#else
    return wide == 1;
#endif
}

#if defined(__x86_64__) && defined(__GNUC__)
#define CALL(name, ...) \
    (wide == 16 ? name##_16(__VA_ARGS__) : wide == 8 ? name##_8(__VA_ARGS__) : name##_4(__VA_ARGS__))
#elif defined(__aarch64__)
#define CALL(name, ...) name##_4(__VA_ARGS__)
#else
#define CALL(name, ...) name##_1(__VA_ARGS__)
#endif

/* Score sequences by the networks first..last-1; codes are 0..4, `stride` apart.
   scores: network (of the group), row. Return 0, or -1 where the memory is full. */
int rows(const Group *group, int wide, int first, int last, const uint8_t *codes, int64_t stride,
         int64_t count, int64_t bases, float *scores)
{
    Scratch scratch;
    if (take(&scratch, group))
        return -1;
    for (int k = first; k < last; k++)
        CALL(rows_of, group, k, codes, stride, count, bases, scratch, scores + k * count);
    free(scratch.memory);
    return 0;
}

/* Score the SNVs of windows of 2 * scan - 1 bases around them by the networks first..last-1.
   ends: of each window's ALTs among all; letters: of each ALT.
   ref: network (of the group), window; alt: network, ALT. Return as `rows`. */
int snvs(const Group *group, int wide, int first, int last, const uint8_t *codes, int64_t stride,
         int64_t windows, const int64_t *ends, const uint8_t *letters, float *ref, float *alt)
{
    Scratch scratch;
    int64_t alts = windows ? ends[windows - 1] : 0;
    if (take(&scratch, group))
        return -1;
    for (int k = first; k < last; k++)
        CALL(snvs_of, group, k, codes, stride, windows, ends, letters, scratch,
             ref + k * windows, alt + k * alts);
    free(scratch.memory);
    return 0;
}
