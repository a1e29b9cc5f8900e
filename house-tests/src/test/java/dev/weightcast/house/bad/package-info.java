/** Classes that do what the rules forbid, so that each rule is seen to refuse something. */
package dev.weightcast.house.bad;
